/** Chains of certificates and TLSA records: which fit, and why others do not. */
import { X509Certificate } from "node:crypto";
import { beforeAll, expect, it, test } from "vitest";
import type { TlsaFact } from "../../../../../core/tls-policy/tls-facts.ts";
import {
  issueServerCertificate,
  makeAuthority,
  tlsaText,
  type Issuer,
} from "../../../../../testing/test-authority.ts";
import { publicKeyInfo } from "./certificate-fields.ts";
import { tlsaMismatch } from "./match-tlsa.ts";

let root: Issuer;
let intermediate: Issuer;
const pems: Record<string, string> = {};

beforeAll(async () => {
  root = await makeAuthority("Root");
  intermediate = await makeAuthority("Intermediate", root);
  const impostor = await makeAuthority("Intermediate", root);
  const names = ["mx.d.test"];
  const issue = async (name: string, more: object = {}, issuer: Issuer | undefined = intermediate) => {
    pems[name] = (await issueServerCertificate(issuer, { names, ...more })).cert;
  };
  await Promise.all([
    issue("leaf"),
    issue("expired", { isExpired: true }),
    issue("forged", { signedBy: impostor }),
    issue("wildcard", { names: ["*.d.test"] }),
    issue("own", {}, undefined),
  ]);
  pems["root"] = root.pem;
  pems["intermediate"] = intermediate.pem;
});

const pem = (name: string): string => pems[name] ?? "";
const chainOf = (names: string): X509Certificate[] =>
  names
    .split(" ")
    .filter((name) => name !== "")
    .map((name) => new X509Certificate(pem(name)));
/** `2 1 1 root`. */
function record(text: string): TlsaFact {
  const [usage = "", selector = "", type = "", name = ""] = text.split(" ");
  const data = tlsaText(Number(usage), Number(selector), Number(type), pem(name)).split(" ").at(-1) ?? "";
  return {
    usage: Number(usage),
    selector: Number(selector),
    matchingType: Number(type),
    data: Buffer.from(data, "hex"),
  };
}
const mismatch = (chain: string, records: readonly TlsaFact[], names = ["mx.d.test"], at = Date.now()) =>
  tlsaMismatch(chainOf(chain), { baseDomain: "mx.d.test", records, names, hostNames: names }, at);

it.each<[string, string, string | undefined]>([
  ["leaf", "3 1 1 leaf", undefined],
  ["own", "3 0 2 own", undefined],
  ["expired", "3 1 1 expired", undefined],
  ["leaf", "3 1 1 own", "fits none"],
  ["leaf intermediate", "3 1 1 intermediate", "fits none"],
  ["leaf intermediate", "2 1 1 intermediate", undefined],
  ["leaf intermediate", "2 0 1 intermediate", undefined],
  ["leaf intermediate root", "2 1 1 root", undefined],
  ["leaf intermediate", "2 1 1 root", "fits none"],
  ["leaf intermediate", "2 0 0 root", undefined],
  ["leaf intermediate", "2 1 0 root", undefined],
  ["leaf", "2 0 0 intermediate", undefined],
  ["leaf", "2 0 0 root", "fits none"],
  ["leaf", "2 1 1 leaf", "fits none"],
  ["own", "2 1 1 own", "fits none"],
  ["expired intermediate", "2 1 1 intermediate", "has expired"],
  ["expired intermediate", "2 0 0 root", "has expired"],
  ["forged intermediate", "2 1 1 intermediate", "is broken"],
  ["forged intermediate", "2 0 0 intermediate", "is broken"],
  ["leaf own", "2 1 1 own", "is broken"],
  ["wildcard intermediate", "2 1 1 intermediate", undefined],
  ["", "3 1 1 leaf", "no certificate"],
])("%s by %s: %s", (chain, records, fault) => {
  const found = mismatch(chain, [record(records)]);
  if (fault === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(fault);
});

test("with usage 2 one of the names must be the certificate's", () => {
  const anchor = [record("2 1 1 intermediate")];
  expect(mismatch("leaf intermediate", anchor, ["a.test", "MX.d.test"])).toBeUndefined();
  expect(mismatch("leaf intermediate", anchor, ["a.test", "b.test"])).toBe(
    "the certificate is for none of a.test, b.test",
  );
  expect(mismatch("wildcard intermediate", anchor, ["a.b.test"])).toContain("is for none of");
});

test("one record that fits is enough; else the nearest reason is told", () => {
  expect(
    mismatch("expired intermediate", [record("2 1 1 intermediate"), record("3 1 1 expired")]),
  ).toBeUndefined();
  expect(mismatch("expired intermediate", [record("3 1 1 own"), record("2 1 1 intermediate")])).toContain(
    "expired",
  );
  expect(
    mismatch(
      "leaf intermediate",
      [record("2 1 1 intermediate")],
      ["mx.d.test"],
      Date.now() - 365 * 86_400_000,
    ),
  ).toContain("not valid yet");
});

test("records that hold anything at all fit nothing, and break nothing", () => {
  const garbage = [0, 1, 2].flatMap((matchingType) =>
    [0, 1].flatMap((selector) =>
      [2, 3].map((usage) => ({ usage, selector, matchingType, data: Buffer.from("3003020101", "hex") })),
    ),
  );
  expect(mismatch("leaf intermediate root", garbage)).toContain("fits none");
});

test("the public key is found octet for octet; what is no certificate has none", () => {
  for (const name of ["leaf", "root"]) {
    const certificate = new X509Certificate(pem(name));
    expect(publicKeyInfo(certificate.raw)).toEqual(
      certificate.publicKey.export({ type: "spki", format: "der" }),
    );
    for (let length = 0; length < certificate.raw.length; length++)
      expect(publicKeyInfo(certificate.raw.subarray(0, length))).toBeUndefined();
  }
});
