/** Records and policies as RFC 8461 has them, and as the wild does: vectors S8 and S10 and their neighbours. */
import { describe, expect, it, test } from "vitest";
import { kept, pauseAfter, policyStep, type KeptPolicy } from "./kept-policy.ts";
import { readPolicyRecord, type PolicyRecord } from "./policy-record.ts";
import { longestMaxAgeS, readPolicy, type MtaStsPolicy } from "./policy.ts";

describe("the TXT record", () => {
  it.each<[string, readonly string[], string | undefined]>([
    ["as the RFC shows it", ["v=STSv1; id=20160831085700Z;"], "20160831085700Z"],
    ["without the last semicolon", ["v=STSv1; id=1"], "1"],
    ["blanks around the semicolons", ["v=STSv1;\t id=1 \t;  ;".replace("  ;", "")], "1"],
    ["fields that nobody knows", ["v=STSv1; a_b.c-d=1/2:3; id=1; x=y"], "1"],
    ["beside records of others", ["v=spf1 -all", "v=STSv1; id=abc", "google-site=1"], "abc"],
    ["32 characters", [`v=STSv1; id=${"a".repeat(32)}`], "a".repeat(32)],
    ["S8: 33 characters", [`v=STSv1; id=${"a".repeat(33)}`], undefined],
    ["S8: two records", ["v=STSv1; id=1", "v=STSv1; id=1"], undefined],
    ["S8: a blank before the first semicolon", ["v=STSv1 ; id=1"], undefined],
    ["a blank in front", [" v=STSv1; id=1"], undefined],
    ["another version", ["v=STSv2; id=1"], undefined],
    ["lower case", ["v=stsv1; id=1"], undefined],
    ["no id", ["v=STSv1;"], undefined],
    ["an empty id", ["v=STSv1; id="], undefined],
    ["an id with a dash", ["v=STSv1; id=2016-08-31"], undefined],
    ["two ids", ["v=STSv1; id=1; id=2"], undefined],
    ["what is no field", ["v=STSv1; id=1; nothing"], undefined],
    ["an empty field between", ["v=STSv1;; id=1"], undefined],
    ["nothing", [], undefined],
  ])("%s", (_, texts, id) => {
    const record = readPolicyRecord(texts);
    expect(record.kind === "record" ? record.id : undefined).toBe(id);
  });
});

const served = (...lines: string[]): string => lines.join("\r\n");
const whole = ["version: STSv1", "mode: enforce", "mx: mail.test", "max_age: 86400"];

describe("the policy", () => {
  it("is read as served", () => {
    const text = served(
      "version: STSv1",
      "mode: testing",
      "mx: A.Test",
      "mx: *.b.test",
      "max_age: 604800",
      "",
    );
    expect(readPolicy(text)).toEqual({
      kind: "policy",
      policy: {
        mode: "testing",
        mx: ["a.test", "*.b.test"],
        maxAgeS: 604_800,
        lines: ["version: STSv1", "mode: testing", "mx: A.Test", "mx: *.b.test", "max_age: 604800"],
      },
    });
  });

  it.each<[string, string, Partial<MtaStsPolicy> | string]>([
    ["LF alone", whole.join("\n"), { mode: "enforce" }],
    ["another order", served(...whole.toReversed()), { mode: "enforce", mx: ["mail.test"] }],
    [
      "no blank behind the colon",
      served("version:STSv1", "mode:none", "max_age:1"),
      { mode: "none", mx: [] },
    ],
    ["fields that nobody knows", served(...whole, "ext: yes: no"), { maxAgeS: 86_400 }],
    ["fields again: the first counts", served(...whole, "mode: none", "max_age: 1"), { mode: "enforce" }],
    ["a max_age of 0", served(...whole.slice(0, 3), "max_age: 0"), { maxAgeS: 0 }],
    [
      "S10: a max_age of three years",
      served(...whole.slice(0, 3), "max_age: 99999999"),
      { maxAgeS: longestMaxAgeS },
    ],
    ["eleven digits", served(...whole.slice(0, 3), "max_age: 10000000000"), "max_age"],
    ["a negative max_age", served(...whole.slice(0, 3), "max_age: -1"), "max_age"],
    ["no max_age", served(...whole.slice(0, 3)), "max_age"],
    ["no version", served(...whole.slice(1)), "version"],
    ["another version", served("version: STSv2", ...whole.slice(1)), "version"],
    ["another mode", served(whole[0] ?? "", "mode: Enforce", ...whole.slice(2)), "mode"],
    ["no mx", served("version: STSv1", "mode: testing", "max_age: 1"), "no mail exchanger"],
    ["an mx that is none", served(...whole, "mx: a b"), "no host name"],
    ["a star inside", served(...whole, "mx: a.*.test"), "no host name"],
    [
      "names with the root's dot",
      served(whole[0] ?? "", "mode: enforce", "mx: Mail.test.", "mx: *.d.test.", "max_age: 1"),
      { mx: ["mail.test", "*.d.test"] },
    ],
    ["the root", served(...whole, "mx: ."), "no host name"],
    ["two dots", served(...whole, "mx: a.test.."), "no host name"],
    ["a page", "<html>\n<p>hello</p></html>", "field"],
    ["nothing", "", "version"],
    ["binary", "\0\x01\x02: \n", "version"],
  ])("%s", (_, text, expected) => {
    const read = readPolicy(text);
    if (typeof expected === "string") {
      expect(read.kind).toBe("invalid");
      expect(read.kind === "invalid" && read.reason).toContain(expected);
    } else expect(read).toMatchObject({ kind: "policy", policy: expected });
  });
});

describe("what is done", () => {
  const day = 86_400_000;
  const policy = (mode: MtaStsPolicy["mode"], maxAgeS: number): MtaStsPolicy => ({
    mode,
    maxAgeS,
    mx: ["a"],
    lines: [],
  });
  const week = kept(policy("enforce", 7 * 86_400), "1", 0);
  const none = kept(policy("none", 7 * 86_400), "1", 0);
  const record = (id: string): PolicyRecord => ({ kind: "record", id });
  const gone: PolicyRecord = { kind: "none", reason: "" };

  it.each<[string, KeptPolicy | undefined, PolicyRecord | undefined, number, string]>([
    ["nothing is known", undefined, gone, 0, "none"],
    ["nothing is known, and nobody answers", undefined, undefined, 0, "none"],
    ["a record that is new", undefined, record("1"), 0, "fetch"],
    ["the same id", week, record("1"), 1, "keep"],
    ["another id", week, record("2"), 1, "fetch"],
    ["S7: the record is gone", week, gone, 1, "keep"],
    ["S7: nobody answers", week, undefined, 1, "keep"],
    ["after a day", week, record("1"), day, "refresh"],
    ["after a day, the record gone", week, gone, day, "refresh"],
    ["just before it ends", week, gone, 7 * day - 1, "refresh"],
    ["it has ended", week, gone, 7 * day, "none"],
    ["it has ended, and there is a record", week, record("1"), 7 * day, "fetch"],
    ["half of a short life", kept(policy("testing", 3_600), "1", 0), record("1"), 1_800_000, "refresh"],
    ["S10: mode none", none, record("1"), 1, "none"],
    ["mode none, another id", none, record("2"), 1, "fetch"],
    ["S10: max_age 0 counts for a moment", kept(policy("enforce", 0), "1", 0), record("1"), 1, "keep"],
    ["S10: max_age 0 is not kept", kept(policy("enforce", 0), "1", 0), record("1"), 5_000, "fetch"],
  ])("%s: %#", (_, known, answer, now, step) => {
    expect(policyStep(known, answer, now)).toBe(step);
  });

  test("fetches that fail come at growing distances", () => {
    expect([1, 2, 3, 4, 5, 60].map((times) => pauseAfter(times) / 60_000)).toEqual([5, 10, 20, 40, 60, 60]);
  });
});
