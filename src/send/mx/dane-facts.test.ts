/** When TLSA records are asked for, where, and what their absence means. */
import { expect, it } from "vitest";
import type { Lookup, RecordType, Resolver } from "../../ports/lookup.ts";
import { daneFactOf } from "./dane-facts.ts";

type Answer =
  | "signed"
  | "unsigned"
  | "none"
  | "servfail"
  | "timeout"
  | "bogus"
  | "invalid-name"
  | { alias: string; signed: boolean };

const tlsa = { usage: 3, selector: 1, matchingType: 1, data: Buffer.alloc(32) };

function lookupOf(name: string, type: RecordType, answer: Answer | undefined): Lookup {
  if (answer === "servfail" || answer === "timeout" || answer === "bogus" || answer === "invalid-name")
    return { kind: answer, detail: `it is ${answer}`, keepMs: 10_000 };
  const told = { canonicalName: name, isAuthenticated: true, keepMs: 300_000 };
  if (answer === undefined || answer === "none") return { kind: "nodata", ...told };
  const records = [type === "TLSA" ? tlsa : "192.0.2.1"];
  if (typeof answer === "object")
    return { kind: "found", ...told, canonicalName: answer.alias, isAuthenticated: answer.signed, records };
  return { kind: "found", ...told, isAuthenticated: answer === "signed", records };
}

it.each<[string, Record<string, Answer>, string, readonly string[]]>([
  ["found", { A: "signed", "mx TLSA": "signed" }, "found at mx", ["mx TLSA"]],
  [
    "the other family alone is signed",
    { A: "unsigned", AAAA: "signed", "mx TLSA": "signed" },
    "found at mx",
    ["mx TLSA"],
  ],
  [
    "the other family cannot be found out (D17)",
    { A: "signed", AAAA: "bogus", "mx TLSA": "signed" },
    "found at mx",
    ["mx TLSA"],
  ],
  ["denied (D10)", { A: "signed", "mx TLSA": "none" }, "none", ["mx TLSA"]],
  ["not signed (D15)", { A: "signed", "mx TLSA": "unsigned" }, "none", ["mx TLSA"]],
  ["SERVFAIL (D9)", { A: "signed", "mx TLSA": "servfail" }, "unknown", ["mx TLSA"]],
  ["no answer (D9)", { A: "signed", "mx TLSA": "timeout" }, "unknown", ["mx TLSA"]],
  ["forged (D9)", { A: "signed", "mx TLSA": "bogus" }, "unknown", ["mx TLSA"]],
  ["addresses that are not signed (D11)", { A: "unsigned", "mx TLSA": "servfail" }, "unasked", []],
  ["no addresses", {}, "unasked", []],
  ["addresses that cannot be found out", { A: "bogus", AAAA: "none" }, "unknown", []],
  ["a name too long for records below it", { A: "signed", "mx TLSA": "invalid-name" }, "none", ["mx TLSA"]],
  [
    "an alias that is signed as its target is: there first (D14)",
    { A: { alias: "to", signed: true }, "to TLSA": "signed", "mx TLSA": "signed" },
    "found at to",
    ["to TLSA"],
  ],
  [
    "then at the alias",
    { A: { alias: "to", signed: true }, "to TLSA": "none", "mx TLSA": "signed" },
    "found at mx",
    ["to TLSA", "mx TLSA"],
  ],
  [
    "what cannot be found out at the target is not looked for at the alias",
    { A: { alias: "to", signed: true }, "to TLSA": "servfail", "mx TLSA": "signed" },
    "unknown",
    ["to TLSA"],
  ],
  [
    "a signed alias into a zone that is not (D13)",
    { A: { alias: "to", signed: false }, "mx CNAME": "signed", "mx TLSA": "signed" },
    "found at mx",
    ["mx CNAME", "mx TLSA"],
  ],
  [
    "an alias that is not signed",
    { A: { alias: "to", signed: false }, "mx CNAME": "unsigned", "mx TLSA": "signed" },
    "unasked",
    ["mx CNAME"],
  ],
  [
    "an alias that cannot be found out",
    { A: { alias: "to", signed: false }, "mx CNAME": "bogus" },
    "unknown",
    ["mx CNAME"],
  ],
])("%s", async (_, answers, outcome, questions) => {
  const asked: string[] = [];
  const resolver: Resolver = {
    lookUp<Type extends RecordType>(name: string, type: Type) {
      const question = `${name.replace(/^_25\._tcp\./, "")} ${type}`;
      asked.push(question);
      return Promise.resolve(lookupOf(name, type, answers[question]) as Lookup<Type>);
    },
    forget: () => {},
  };
  const ipv4 = lookupOf("mx", "A", answers["A"]) as Lookup<"A">;
  const ipv6 = lookupOf("mx", "AAAA", answers["AAAA"]) as Lookup<"AAAA">;
  const { fact } = await daneFactOf({ name: "mx", ipv4, ipv6 }, 25, resolver);
  expect(fact.kind === "found" ? `found at ${fact.baseDomain}` : fact.kind).toBe(outcome);
  expect(asked).toEqual(questions);
});

it("nothing is asked where the name servers are not to be relied on", async () => {
  const resolver: Resolver = {
    lookUp: () => Promise.reject(new Error("asked")),
    forget: () => {},
    dnssec: () => Promise.resolve({ kind: "off", reason: "it does not check signatures" }),
  };
  const signed = lookupOf("mx", "A", "signed") as Lookup<"A">;
  const none = lookupOf("mx", "AAAA", "none") as Lookup<"AAAA">;
  expect(await daneFactOf({ name: "mx", ipv4: signed, ipv6: none }, 25, resolver)).toMatchObject({
    fact: { kind: "unasked", reason: "it does not check signatures" },
  });
});
