import { expect, test } from "vitest";
import { graphErrorOf, readGraphAnswer } from "./graph-answer.ts";
import { graphMailboxFor } from "./graph-mailbox.ts";

const minute = 60_000;

test.each<[number, string, number | undefined, object]>([
  [202, "", undefined, { kind: "accepted" }],
  [200, "", undefined, { kind: "transient" }],
  [201, "", undefined, { kind: "transient" }],
  [204, "", undefined, { kind: "transient" }],
  [302, "", undefined, { kind: "transient" }],
  [400, "ErrorMimeContentInvalidBase64String", undefined, { kind: "permanent", status: "5.6.0" }],
  [400, "ErrorInvalidRecipients", undefined, { kind: "invalidRecipients" }],
  [400, "BadRequest", undefined, { kind: "permanent", status: "5.6.0" }],
  [400, "ErrorMessageSizeExceeded", undefined, { kind: "tooLarge" }],
  [400, "constructor", undefined, { kind: "permanent", status: "5.6.0" }],
  [401, "InvalidAuthenticationToken", undefined, { kind: "token", hold: { scope: "queue" } }],
  [
    403,
    "ErrorAccessDenied",
    undefined,
    { kind: "hold", hold: { scope: "mailbox", retryAfterMs: 5 * minute } },
  ],
  [403, "", undefined, { kind: "hold", hold: { scope: "mailbox" } }],
  [403, "ErrorSendAsDenied", undefined, { kind: "senderRefused" }],
  [403, "ErrorMessageSubmissionBlocked", undefined, { kind: "hold", hold: { retryAfterMs: 60 * minute } }],
  [404, "MailboxNotEnabledForRESTAPI", undefined, { kind: "hold", hold: { scope: "mailbox" } }],
  [404, "ErrorInvalidUser", undefined, { kind: "permanent", status: "5.1.8" }],
  [404, "ResourceNotFound", undefined, { kind: "permanent", status: "5.1.8" }],
  [400, "", undefined, { kind: "hold", hold: { scope: "queue" } }],
  [404, "", undefined, { kind: "hold", hold: { scope: "queue" } }],
  [404, "Unknown", undefined, { kind: "permanent", status: "5.1.8" }],
  [413, "", undefined, { kind: "tooLarge" }],
  [
    507,
    "ErrorQuotaExceeded",
    undefined,
    { kind: "hold", hold: { scope: "mailbox", retryAfterMs: 60 * minute } },
  ],
  [400, "ErrorExceededMessageLimit", undefined, { kind: "hold", hold: { retryAfterMs: 60 * minute } }],
  [429, "ApplicationThrottled", 32_000, { kind: "throttled", retryAfterMs: 32_000 }],
  [429, "TooManyRequests", undefined, { kind: "throttled", retryAfterMs: 30_000 }],
  [429, "", 3_600_000, { kind: "throttled", retryAfterMs: 10 * minute }],
  [429, "", 0, { kind: "throttled", retryAfterMs: 1_000 }],
  [503, "", 5_000, { kind: "throttled", retryAfterMs: 5_000 }],
  [504, "", undefined, { kind: "throttled", retryAfterMs: 30_000 }],
  [500, "ErrorInternalServerTransientError", undefined, { kind: "throttled" }],
  [500, "", undefined, { kind: "transient" }],
  [502, "", undefined, { kind: "transient" }],
])("%i %s", (status, code, retryAfterMs, expected) => {
  expect(readGraphAnswer(status, code, retryAfterMs)).toMatchObject(expected);
});

test.each([
  ["", "", ""],
  ["<html>", "", ""],
  ["null", "", ""],
  ['{"error":"no object"}', "", ""],
  ['{"error":{"code":"A b","message":"m"}}', "", "m"],
  [
    '{"error":{"code":"ErrorAccessDenied","message":"Access is denied.\\r\\nTwo"}}',
    "ErrorAccessDenied",
    "ErrorAccessDenied: Access is denied.",
  ],
  [
    JSON.stringify({ error: { code: "E", message: `bad eyJ0eXAi${"x".repeat(90)}.eyJhdWQ.c2ln in it` } }),
    "E",
    "E: bad … in it",
  ],
])("the error in %j", (body, code, words) => {
  expect(graphErrorOf(body)).toEqual({ code, words });
});

const mailboxes = { "noreply@c.test": "relay@c.test", "*@erp.test": "erp@c.test", "<>": "reports@c.test" };
test.each([
  ["noreply@c.test", "other@c.test", "relay@c.test"],
  ["other@c.test", "NoReply@c.test", "relay@c.test"],
  ["a@erp.test", "noreply@c.test", "erp@c.test"],
  ["author@c.test", "bounces@c.test", "author@c.test"],
  [undefined, "bounces@c.test", "bounces@c.test"],
])("from %s, reverse-path %s: mailbox %s", (author, reversePath, expected) => {
  expect(graphMailboxFor(author, reversePath, mailboxes)).toBe(expected);
});
test("anybody's mailbox comes behind what is said of somebody", () => {
  const all = { ...mailboxes, "*": "all@c.test" };
  expect(graphMailboxFor("x@c.test", "noreply@c.test", all)).toBe("relay@c.test");
  expect(graphMailboxFor("x@c.test", "y@c.test", all)).toBe("all@c.test");
});
