import { describe, expect, test } from "vitest";
import { statusOf } from "./peer-verdict.ts";
import {
  isAboutBdatItself,
  isAboutClientCertificate,
  isAboutMessageCount,
  isTooManyRecipients,
  kindOf,
  saysTooManyRecipients,
  wantsTls,
} from "./reply-meaning.ts";

const reply = (line: string) => ({ code: Number(line.slice(0, 3)), text: line.slice(4) });

test.each([
  [200, "positive"],
  [299, "positive"],
  [300, "unexpected"],
  [399, "unexpected"],
  [400, "transient"],
  [499, "transient"],
  [500, "permanent"],
  [599, "permanent"],
])("%d is %s", (code, kind) => {
  expect(kindOf({ code, text: "" })).toBe(kind);
});

// line, of itself, in answer to RCPT
test.each([
  ["452 what", false, true],
  ["452 4.3.1 disk full", false, false],
  ["452 4.5.3 too much", true, true],
  ["552 what", false, true],
  ["552 5.2.2 mailbox full", false, false],
  ["550 5.5.3 no", true, true],
  ["421 4.5.3 too many recipients", false, false],
  ["450 Too many recipients", true, true],
  ["450 too many rcpts", true, true],
  ["450 too many addressees", true, true],
  ["450 recipient limit reached", true, true],
  ["450 recipients count limit", true, true],
  ["450 rcpt number limit", true, true],
  ["450 maximum number of recipients", true, true],
  ["450 max rcpt", true, true],
  ["450 maximal count of recipients", true, true],
  ["450 more than 50 recipients", true, true],
  ["450 more than enough recipients", false, false],
  ["250 too many recipients", false, false],
  ["451 what", false, false],
  ["399 too many recipients", false, false],
  ["400 too many recipients", true, true],
])("%j says that there are too many recipients: %s, after RCPT: %s", (line, itself, afterRcpt) => {
  const status = statusOf(reply(line));
  expect(saysTooManyRecipients(reply(line), status)).toBe(itself);
  expect(isTooManyRecipients(reply(line), status)).toBe(afterRcpt);
});

describe("other words", () => {
  test.each([
    ["421 too many messages", true],
    ["450 Too many transactions", true],
    ["450 too many emails", true],
    ["450 too many mails", true],
    ["450 10 messages per session", true],
    ["450 transactions per connection", true],
    ["450 too many recipients", false],
    ["250 too many messages", false],
    ["400 too many messages", true],
  ])("%j is about the number of messages: %s", (line, expected) => {
    expect(isAboutMessageCount(reply(line))).toBe(expected);
  });

  test.each([
    ["454 client certificate required", true],
    ["400 Certificate", true],
    ["250 certificate", false],
    ["454 certificates", false],
  ])("%j is about a certificate: %s", (line, expected) => {
    expect(isAboutClientCertificate(reply(line))).toBe(expected);
  });

  test.each([
    ["530 5.7.0 Must issue a STARTTLS command first", true],
    ["530 Authentication required", true],
    ["550 5.7.10 Encryption required", true],
    ["454 4.7.10 later, with TLS", true],
    ["550 5.7.1 Must issue a STARTTLS command first", false],
    ["550 5.7.100 no", false],
    ["250 5.7.10 ok", false],
  ])("%s wants TLS: %s", (line, expected) => {
    expect(wantsTls(reply(line))).toBe(expected);
  });

  test.each([
    [499, false],
    [500, true],
    [504, true],
    [505, false],
  ])("%d is about BDAT itself: %s", (code, expected) => {
    expect(isAboutBdatItself({ code, text: "" })).toBe(expected);
  });
});
