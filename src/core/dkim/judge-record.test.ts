import { expect, test } from "vitest";
import { judgeRecord, type TextAnswer } from "./judge-record.ts";

const record = "v=DKIM1; k=rsa; p=QUJD";
const found = (...records: string[]): TextAnswer => ({ kind: "found", records });

test.each<[state: "published" | "active" | "retired", answer: TextAnswer, dns: string, ok: boolean, RegExp]>([
  ["published", found(record), "fits", true, /Set-DkimKey a -State active/u],
  ["published", { kind: "nxdomain" }, "missing", false, /Get-DkimKey a shows the record/u],
  ["active", found(record), "fits", true, /^DNS has it\.$/u],
  ["active", { kind: "nodata" }, "missing", false, /no key at a/u],
  ["active", found("v=DKIM1; p=QUJE"), "differs", false, /another key/u],
  ["active", found("v=DKIM1; p="), "revoked", false, /not believed/u],
  ["active", { kind: "timeout", detail: "nobody answers" }, "unknown", false, /asked for a: nobody answers/u],
  ["retired", found(record), "fits", true, /has it/u],
  ["retired", { kind: "nxdomain" }, "missing", true, /any more/u],
  ["retired", found("v=DKIM1; p="), "revoked", true, /has revoked it/u],
  ["retired", found("v=DKIM1; p=QUJE"), "differs", false, /another key/u],
  ["retired", { kind: "servfail", detail: "x" }, "unknown", false, /could not be asked/u],
])("a key that is %s, of which DNS says %j: %s, as it should be: %s", (state, answer, dns, ok, words) => {
  const verdict = judgeRecord({ name: "a", state, record }, answer);
  expect(verdict).toMatchObject({ dns, ok });
  expect(verdict.details).toMatch(words);
});
