/** Authorities that may not do all that their key can. OpenSSL says the same of each chain (`openssl verify`). */
import { X509Certificate } from "node:crypto";
import { expect, it } from "vitest";
import {
  issueServerCertificate,
  makeAuthority,
  type AuthorityLimits,
  type Issuer,
} from "../../../../../testing/test-authority.ts";
import { constraintsFault } from "./chain-constraints.ts";

/** Up to 127 octets. */
const der = (tag: number, ...parts: readonly (Buffer | string)[]): Buffer => {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part as string, "latin1")));
  return Buffer.concat([Buffer.of(tag, content.length), content]);
};
const dns = (name: string): Buffer => der(0x82, name);
const ip = (...octets: readonly number[]): Buffer => der(0x87, Buffer.from(octets));
const names = (permitted: readonly Buffer[], excluded: readonly Buffer[] = []): AuthorityLimits => {
  const list = (tag: number, bases: readonly Buffer[]): readonly Buffer[] =>
    bases.length === 0 ? [] : [der(tag, ...bases.map((base) => der(0x30, base)))];
  return { nameConstraints: der(0x30, ...list(0xa0, permitted), ...list(0xa1, excluded)) };
};

/** `limits`: of the root first, then of each authority below it. */
async function faultOf(
  limits: readonly AuthorityLimits[],
  name: string,
  wanted = [name],
  subjects: readonly string[] = [],
): Promise<string> {
  const authorities: Issuer[] = [];
  for (const [at, limit] of limits.entries())
    authorities.push(await makeAuthority(subjects[at] ?? `A${at}`, authorities.at(-1), limit));
  const { cert } = await issueServerCertificate(authorities.at(-1), { names: wanted });
  const chain = [cert, ...authorities.toReversed().map(({ pem }) => pem)].map(
    (pem) => new X509Certificate(pem),
  );
  return constraintsFault(chain, name) ?? "none";
}

it.each<[string, readonly AuthorityLimits[], string, readonly string[]]>([
  ["no limit", [{}, {}, {}], "none", []],
  ["as many as it may have", [{ pathLength: 1 }, { pathLength: 0 }], "none", []],
  ["one too many", [{ pathLength: 0 }, {}], "so many", []],
  ["one too many, further down", [{}, { pathLength: 0 }, {}], "so many", []],
  ["one that renews its own key does not count", [{ pathLength: 0 }, {}], "none", ["A", "A"]],
])("length: %s", async (_, limits, expected, subjects) =>
  expect(await faultOf(limits, "mx.d.test", undefined, subjects)).toContain(expected),
);

it.each<[string, AuthorityLimits, string]>([
  ["the domain", names([dns("d.test")]), "none"],
  ["another case", names([dns("D.Test")]), "none"],
  ["with a dot in front", names([dns(".d.test")]), "none"],
  ["one of two", names([dns("e.test"), dns("d.test")]), "none"],
  ["everything", names([dns("")]), "none"],
  ["another domain", names([dns("e.test")]), "these names"],
  ["a name that ends alike", names([dns("x.d.test")]), "these names"],
  ["excluded", names([], [dns("d.test")]), "these names"],
  ["excluded within what is permitted", names([dns("test")], [dns("mx.d.test")]), "these names"],
  ["another excluded", names([], [dns("a.d.test")]), "none"],
  ["addresses alone, and there are none", names([ip(10, 0, 0, 0, 255, 0, 0, 0)]), "none"],
  ["nothing that can be read", { nameConstraints: Buffer.from("3010a0020000", "hex") }, "these names"],
  ["a subtree that is none", { nameConstraints: Buffer.from("3004a0023000", "hex") }, "these names"],
])("names: %s", async (_, limit, expected) =>
  expect(await faultOf([limit, {}], "mx.d.test")).toContain(expected),
);

it("each of the certificate's names counts, and a wildcard's domain", async () => {
  const limit = names([dns("d.test")]);
  expect(await faultOf([limit], "mx.d.test", ["mx.d.test", "mx.e.test"])).toContain("these names");
  expect(await faultOf([limit], "mx.d.test", ["*.d.test"])).toBe("none");
  expect(await faultOf([names([], [dns("mx.d.test")])], "mx.d.test", ["*.d.test"])).toContain("these names");
});

it.each<[string, AuthorityLimits, readonly string[], string]>([
  ["in the network", names([ip(10, 1, 0, 0, 255, 255, 0, 0)]), ["10.1.2.3"], "none"],
  ["beside it", names([ip(10, 1, 0, 0, 255, 255, 0, 0)]), ["10.2.2.3"], "these names"],
  ["in an excluded one", names([], [ip(10, 1, 2, 0, 255, 255, 255, 0)]), ["10.1.2.3"], "these names"],
  ["beside an excluded one", names([], [ip(10, 1, 2, 0, 255, 255, 255, 0)]), ["10.1.3.3"], "none"],
  ["each counts", names([ip(10, 1, 0, 0, 255, 255, 0, 0)]), ["10.1.2.3", "10.2.2.3"], "these names"],
  ["of another family", names([ip(10, 1, 0, 0, 255, 255, 0, 0)]), ["2001:db8::1"], "these names"],
  [
    "IPv6",
    names([ip(0x20, 1, 0xd, 0xb8, ...Array(12).fill(0), 255, 255, 255, 255, ...Array(12).fill(0))]),
    ["2001:db8::1"],
    "none",
  ],
  ["a host's constraint says nothing of them", names([dns("d.test")]), ["10.1.2.3"], "none"],
])("addresses: %s", async (_, limit, addresses, expected) =>
  expect(await faultOf([limit], "mx.d.test", ["mx.d.test", ...addresses])).toContain(expected),
);
