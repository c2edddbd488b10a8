import { expect, test } from "vitest";
import { headerEnd, headerField } from "./original-header.ts";

test.each([
  ["A: 1\r\nB: 2\r\n\r\nbody", 12],
  ["\r\nbody", 0],
  ["A: 1\r\n\r\n", 6],
  ["A: 1\r\n", undefined],
  ["", undefined],
])("%j ends at %s", (text, end) => {
  expect(headerEnd(Buffer.from(text))).toBe(end);
});

test.each([
  ["Subject: Hi\r\n", "Hi"],
  ["X: 1\r\nSUBJECT:Hi\r\nSubject: no\r\n", "Hi"],
  ["Subject: a\r\n b\r\n\tc\r\nX: 1\r\n", "a b\tc"],
  ["X-Subject: no\r\nSubjects: no\r\n", undefined],
  ["Subject:\r\n", ""],
  ["Subject: ü\r\n", "ü"],
  ["Subject: Hi", "Hi"],
  ["X: 1\r\n Subject: no\r\n", undefined],
])("the subject of %j is %j", (header, subject) => {
  expect(headerField(Buffer.from(header), "subject")).toBe(subject);
});

test("a hyphen in a name is compared as it is", () => {
  expect(headerField(Buffer.from("Message-ID: <1@x>\r\n"), "message-id")).toBe("<1@x>");
  expect(headerField(Buffer.from("Message\rID: <1@x>\r\n"), "message-id")).toBeUndefined();
});
