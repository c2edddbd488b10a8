import { expect, test } from "vitest";
import { readStrictJson, type JsonLimits } from "./strict-json.ts";

const limits: JsonLimits = { maxDepth: 4, maxValues: 20, maxItems: 20 };
const read = (text: string | Buffer) => readStrictJson(Buffer.from(text as string), limits);

test.each([
  ['{"a":[1,true,null,"x"],"b":{"a":"\\u00fc"}}', { a: [1, true, null, "x"], b: { a: "ü" } }],
  ['\ufeff{"a":"\\ud83d\\ude00😀"}', { a: "😀😀" }],
  ['{"a":"\\\\ud83d","b":"\\\\\\""}', { a: "\\ud83d", b: '\\"' }],
  ['{"a":"b\\":{","c":[{"a":1},{"a":2}]}', { a: 'b":{', c: [{ a: 1 }, { a: 2 }] }],
  ['"\\ud7ff\\ud800\\udc00\\udbff\\udfff\\ue000"', "\ud7ff\u{10000}\u{10ffff}\ue000"],
  ["[[[[]]]]", [[[[]]]]],
  ['{"__proto__":1}', JSON.parse('{"__proto__":1}')],
  ['"alone"', "alone"],
  ['{\t"a"\t:\t1\t,\r\n "b" \r\n:\r\n2}', { a: 1, b: 2 }],
])("%s is read", (text, value) => {
  expect(read(text)).toEqual({ ok: true, value });
});

test.each([
  ['{"a":1,"a":2}', /a name stands twice in an object: "a"/],
  ['{"a":1,"\\u0061" : 2}', /a name stands twice/],
  ['{"a":{"b":1,"b":1}}', /a name stands twice/],
  ['{"a":"\\ud83d"}', /a half of a surrogate pair/],
  ['{"a":"\\ude00\\ud83d"}', /a half of a surrogate pair/],
  ['{"a":"\\ud83dx\\ude00"}', /a half of a surrogate pair/],
  ['"\\ud800x"', /a half of a surrogate pair/],
  ['"\\udbff"', /a half of a surrogate pair/],
  ['"\\udbff\\n\\udfff"', /a half of a surrogate pair/],
  ['"\\udc00"', /a half of a surrogate pair/],
  ['"\\udfff"', /a half of a surrogate pair/],
  ['"\\ud83d\\ud83d\\ude00"', /a half of a surrogate pair/],
  ['"\\ud83d\\ude00\\ude00"', /a half of a surrogate pair/],
  ['{"\\ud83d":1}', /a half of a surrogate pair/],
  ["[[[[[]]]]]", /nested more than 4 deep/],
  [`[${"1,".repeat(30)}1]`, /too many values/],
  [`[${"[],".repeat(20)}[]]`, /too many values/],
  ['{"a":"', /a string has no end/],
  ['{"a":"\\"}', /a string has no end/],
  ['{"a" 1}', /at character 5/],
  ['{"a":1', /^(?:it ends too early|at character \d+)$/],
  ["", /^(?:it ends too early|at character \d+)$/],
  ["{'a':1}", /at character 1/],
])("%s is refused", (text, fault) => {
  expect(read(text)).toEqual({ ok: false, fault: expect.stringMatching(fault) });
});

test("octets that are not UTF-8 are refused, and nothing of them repeated", () => {
  expect(read(Buffer.from([0x22, 0xff, 0x22]))).toEqual({ ok: false, fault: "it is not UTF-8" });
  expect(JSON.stringify(read('{"key":"weir_secret" weir_secret}'))).not.toContain("secret");
});

test("a large string costs no more than its length", () => {
  const text = `{"a":"${"x".repeat(4_000_000)}","b":"${'\\"'.repeat(200_000)}"}`;
  expect(read(text).ok).toBe(true);
});
