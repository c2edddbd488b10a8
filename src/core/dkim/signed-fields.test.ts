import { expect, test } from "vitest";
import { canonicalField } from "./canonical-field.ts";
import { headerFields } from "./header-fields.ts";
import { signedFields, signedNames } from "./signed-fields.ts";

const fieldsOf = (text: string) => headerFields(Buffer.from(text, "latin1"));
const shown = (text: string): readonly string[] => fieldsOf(text).map((field) => field.text);

test.each([
  ["A: 1\r\nB: 2\r\n", ["A: 1", "B: 2"]],
  ["A: 1\r\n\r\nB: body\r\n", ["A: 1"]],
  ["A: 1\r\n 2\r\n\t3\r\nB:\r\n", ["A: 1\r\n 2\r\n\t3", "B:"]],
  ["A: 1", ["A: 1"]],
  ["A: 1\r\n \r\n 2\r\nB: 3\r\n", ["A: 1\r\n \r\n 2", "B: 3"]],
  ["A : 1\r\nB\t: 2\r\n", ["A : 1", "B\t: 2"]],
  ["no field\r\nB: 2\r\n", []],
  [": 1\r\n", []],
  ["A: 1\nB: 2\r\nC: 3\r\n", ["A: 1\nB: 2", "C: 3"]],
  ["", []],
])("the fields of %j", (text, fields) => {
  expect(shown(text)).toEqual(fields);
});

test("a field is of its kind, whichever names were seen before", () => {
  const names = Array.from({ length: 250 }, (_, at) => `X-${"Name".repeat(at % 13)}-${at}`);
  const seen = [...names, ...names].map((name) =>
    fieldsOf(`${name}: 1\r\n${name.toUpperCase()} : 2\r\n${name} x: 3\r\n`).map((field) => [
      field.name,
      field.kind,
    ]),
  );
  const own = names.map((name) => [name, name.toUpperCase()].map((one) => [one, name.toLowerCase()]));
  expect(seen).toEqual([...own, ...own]);
});

test.each([
  // RFC 6376 §3.4.5
  ["A: X", "a:X"],
  ["B : Y\t\r\n\tZ  ", "b:Y Z"],
  ["Subject :x", "subject:x"],
  ["X-Empty:", "x-empty:"],
  ["X-Blank: \t ", "x-blank:"],
  ["A: 1\r\n \r\n 2", "a:1 2"],
  ["A:\r\n 1", "a:1"],
  ["A: \u00e4\u00a0 b", "a:\u00e4\u00a0 b"],
  ["A: b:c ", "a:b:c"],
])("%j is hashed as %j", (text, canonical) => {
  const [field] = fieldsOf(`${text}\r\n`);
  expect(canonicalField(field!, "relaxed")).toBe(canonical);
  expect(canonicalField(field!, "simple")).toBe(text);
});

const header =
  "Received: by relay\r\nFROM: a@x.test\r\nTo: b@x.test\r\nX-Own: 1\r\nBcc: c@x.test\r\nTo: d@x.test\r\nList-Id: <l>\r\n" +
  "DKIM-Signature: v=1\r\nReturn-Path: <a@x.test>\r\n\r\n";

test("repeated fields from below, each listed as often as it stands and once more", () => {
  const fields = signedFields(fieldsOf(header));
  const names = signedNames(fields, "default");
  expect(fields.map(({ text }) => text)).toEqual([
    "List-Id: <l>",
    "To: d@x.test",
    "To: b@x.test",
    "FROM: a@x.test",
  ]);
  expect(names.filter((name) => name === "to").length).toBe(3);
  expect(names.filter((name) => name === "from").length).toBe(2);
  expect(names.filter((name) => name === "list-id").length).toBe(1);
  for (const name of ["received", "bcc", "x-own", "dkim-signature", "return-path"])
    expect(names).not.toContain(name);
});

const recommended = `
  From Reply-To Subject Date To Cc Message-ID MIME-Version Content-Type Content-Transfer-Encoding
  Sender In-Reply-To References Content-ID Content-Description Resent-Date Resent-From
  Resent-Sender Resent-To Resent-Cc Resent-Message-ID List-Id List-Help List-Unsubscribe
  List-Unsubscribe-Post List-Subscribe List-Post List-Owner List-Archive Auto-Submitted
  Importance Feedback-ID`;
test.each(recommended.trim().split(/\s+/))(
  "%s is signed where it stands (RFC 6376 §5.4.1, RFC 8058 §4)",
  (name) => {
    expect(signedFields(fieldsOf(`From: a@x.test\r\n${name}: x\r\n\r\n`)).map(({ text }) => text)).toContain(
      `${name}: x`,
    );
  },
);

test.each([
  ["fromOnly", ["list-id", "to", "to", "from", "from"]],
  ["none", ["list-id", "to", "to", "from"]],
] as const)("oversign %s", (oversign, names) => {
  expect(signedNames(signedFields(fieldsOf(header)), oversign)).toEqual(names);
});
