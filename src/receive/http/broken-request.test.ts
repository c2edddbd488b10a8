import { expect, test } from "vitest";
import { toldRefusal } from "../../testing/test-refusal.ts";
import { brokenRequest, rawAnswer } from "./broken-request.ts";
import { shownInLog, withoutKeys } from "./log-line.ts";
import { isOwn, ownerNote } from "./owner-note.ts";

test.each<[string | undefined, RegExp]>([
  ["HPE_HEADER_OVERFLOW", /^the header of the request is too large$/],
  ["HPE_INVALID_METHOD", /SMTP is spoken on another port/],
  ["HPE_INVALID_EOF_STATE", /broke off/],
  ["HPE_INVALID_TOKEN", /\(HPE_INVALID_TOKEN\)$/],
  ["x".repeat(61), /\(\?\)$/],
  ["what came: secret", /\(\?\)$/],
  [undefined, /\(\?\)$/],
])("what the parser says (%s) is said in words, and what it read is not", (code, expected) => {
  const what = brokenRequest(code);
  expect([what.refused, what.detail]).toEqual(["requestMalformed", expect.stringMatching(expected)]);
});

test("the answer is whole, and says when to come again where that is known", () => {
  const told = toldRefusal("requestMalformed");
  const text = rawAnswer({ code: 501, status: "5.5.4", text: "Gr\u00fc\u00dfe", told }, 431);
  const [head = "", body = ""] = text.split("\r\n\r\n");
  expect(head.split("\r\n")).toEqual([
    "HTTP/1.1 431 Request Header Fields Too Large",
    "Content-Type: application/problem+json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Cache-Control: no-store",
    "Connection: close",
  ]);
  expect(JSON.parse(body)).toMatchObject({ status: 431, detail: "Gr\u00fc\u00dfe" });
  const busy = toldRefusal("connectionLimit", { retryAfterSeconds: 7 });
  const again = rawAnswer({ code: 421, status: "4.3.2", text: "Busy", told: busy }, 400);
  expect(again).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/);
  expect(again).toContain("\r\nRetry-After: 7\r\n");
});

test("the log holds the first 2,000 characters of a line, and no key", () => {
  expect(shownInLog("x".repeat(2_000))).toBe("x".repeat(2_000));
  expect(shownInLog("x".repeat(2_001))).toBe(`${"x".repeat(2_000)}... (2001 characters)`);
  expect(shownInLog(`GET /weir_${"a".repeat(20)}/weir_${"B-".repeat(20)}`)).toBe("GET /weir_.../weir_...");
  expect(withoutKeys(`weir_${"a".repeat(19)}`)).toBe(`weir_${"a".repeat(19)}`);
});

test("a message is its owner's and its application's; no other part of its note makes it anybody's", () => {
  const note = ownerNote({ owner: "key a;b", application: "till" }, [["owner", "key x"]]);
  expect(note).toBe("owner=key%20a%3Bb;application=till;tag.owner=key%20x");
  const asks = (owner: string, application: string): boolean => isOwn(`S1;${note}`, { owner, application });
  expect(asks("key a;b", "")).toBe(true);
  expect(asks("key x", "till")).toBe(true);
  expect([asks("key x", ""), asks("key x", "other"), asks("b", "")]).toEqual([false, false, false]);
  expect(isOwn("S1;owner=key%20a", { owner: "key b", application: "" })).toBe(false);
  expect(isOwn("S1;application=", { owner: "key b", application: "" })).toBe(false);
});
