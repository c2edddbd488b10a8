/** Every reply of the providers' tables, at the step it comes at. */
import { describe, expect, test } from "vitest";
import { parseCustomFailure } from "./custom-failure.ts";
import { type ReplyStep, treatReply } from "./reply-policy.ts";
import type { PresetName } from "./send-presets.ts";

const minute = 60_000;

function treated(preset: PresetName | undefined, step: ReplyStep, reply: string): string {
  const [, code = "", text = ""] = /^(\d{3}) (.*)$/s.exec(reply) ?? [];
  const treatment = treatReply({ preset, errorPolicies: [], customFailures: [] }, step, {
    code: Number(code),
    text,
  });
  if (treatment === undefined) return "message";
  switch (treatment.kind) {
    case "hold":
      return `${treatment.scope} waits ${treatment.retryAfterMs / minute} min`;
    case "throttle":
      return treatment.fewerConnections ? "fewer connections" : "slower";
    case "transient":
    case "permanent":
    case "senderRefused":
      return treatment.kind;
  }
}

const adminLocked = "did not meet the criteria to be authenticated successfully";
test.each<[ReplyStep, reply: string, what: string]>([
  [
    "auth",
    "535 5.7.3 Authentication unsuccessful [AM0PR10CA0096.EURPRD10.PROD.OUTLOOK.COM]",
    "mailbox waits 5 min",
  ],
  [
    "auth",
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled",
    "queue waits 15 min",
  ],
  [
    "auth",
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled",
    "mailbox waits 15 min",
  ],
  [
    "auth",
    "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy.",
    "mailbox waits 15 min",
  ],
  ["auth", `535 5.7.139 Authentication unsuccessful, the request ${adminLocked}.`, "mailbox waits 15 min"],
  ["auth", "550 5.7.30 Basic authentication is not supported for Client Submission.", "queue waits 15 min"],
  ["auth", "454 4.7.0 Temporary authentication failure", "mailbox waits 1 min"],
  ["auth", "432 4.3.2 Concurrent connections limit exceeded", "fewer connections"],
  ["mail", "530 5.7.57 Client not authenticated to send mail. [x]", "mailbox waits 5 min"],
  ["mail", "535 5.7.3 Authentication unsuccessful [x]", "mailbox waits 5 min"],
  ["content", "530 5.7.0 Must issue a STARTTLS command first", "mailbox waits 5 min"],
  ["rcpt", "550 5.7.233 Tenant has exceeded its external recipient rate limit", "queue waits 60 min"],
  ["content", "550 5.1.8 Access denied, bad outbound sender AS(42004)", "mailbox waits 60 min"],
  [
    "content",
    "430 4.2.0 STOREDRV; mailbox logon failure; STOREDRV.Submission.Exception:MapiExceptionLogonFailed",
    "mailbox waits 5 min",
  ],
  ["mail", "550 5.7.60 SMTP; Client does not have permissions to send as this sender", "senderRefused"],
  [
    "content",
    "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a permanent exception",
    "senderRefused",
  ],
  [
    "content",
    "554 5.2.252 SendAsDenied; relay@contoso.com not allowed to send as noreply@contoso.com",
    "senderRefused",
  ],
  [
    "content",
    "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending",
    "fewer connections",
  ],
  ["content", "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", "fewer connections"],
  [
    "content",
    "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message due to a permanent exception",
    "mailbox waits 60 min",
  ],
  [
    "content",
    "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded",
    "mailbox waits 60 min",
  ],
  ["rcpt", "554 5.2.2 mailbox full", "message"],
  ["mail", "421 4.7.66 TLS 1.0 and 1.1 are not supported", "queue waits 15 min"],
  ["content", "421 4.3.2 Service not active", "message"],
  ["content", "451 4.7.0 Temporary server error. Please try again later. PRX4", "message"],
  ["content", "450 4.7.0 Message not proxied", "message"],
  ["content", "451 4.4.22 Temporary server error; no healthy peers", "message"],
  ["rcpt", "550 5.1.1 User unknown", "message"],
  ["content", "550 5.7.30 REQUIRETLS support required", "message"],
])("Microsoft 365 at %s: %s", (step, reply, what) => {
  expect(treated("microsoft365", step, reply)).toBe(what);
});

test.each<[ReplyStep, reply: string, what: string]>([
  [
    "content",
    "550 5.7.1 Daily SMTP relay limit exceeded for customer. For more information",
    "queue waits 60 min",
  ],
  ["mail", "450 4.2.1 Peak SMTP relay limit exceeded for customer", "queue waits 1 min"],
  ["rcpt", "550 5.4.5 Daily SMTP relay limit exceeded for user", "mailbox waits 60 min"],
  ["content", "550 5.4.5 Daily user sending limit exceeded. For more information", "mailbox waits 60 min"],
  ["rcpt", "550 5.7.1 Invalid credentials for relay [192.0.2.1]", "queue waits 5 min"],
  ["auth", "535 5.7.8 Username and Password not accepted", "mailbox waits 5 min"],
  ["auth", "454 4.7.0 Too many login attempts, please try again later", "mailbox waits 15 min"],
  ["auth", "421 4.7.0 Try again later", "mailbox waits 1 min"],
  ["mail", "530 5.7.0 Authentication Required. Learn more at", "mailbox waits 5 min"],
  [
    "content",
    "552 5.7.0 This message was blocked because its content presents a potential security issue",
    "message",
  ],
])("Google at %s: %s", (step, reply, what) => {
  expect(treated("google", step, reply)).toBe(what);
  expect(treated("googleRelay", step, reply)).toBe(what);
});

test.each<[PresetName, ReplyStep, reply: string, what: string]>([
  ["ses", "content", "454 Throttling failure: Maximum sending rate exceeded.", "slower"],
  ["ses", "content", "454 Throttling failure: Daily message quota exceeded.", "queue waits 60 min"],
  ["ses", "content", "554 Message rejected: Email address is not verified.", "senderRefused"],
  ["ses", "auth", "535 Authentication Credentials Invalid", "queue waits 5 min"],
  ["ses", "mail", "530 Authentication required", "mailbox waits 5 min"],
  ["sendgrid", "auth", "535 Authentication failed: Bad username / password", "queue waits 5 min"],
  ["mailgun", "auth", "421 later", "queue waits 1 min"],
  ["acs", "rcpt", "550 5.1.1 no", "message"],
])("%s at %s: %s", (preset, step, reply, what) => {
  expect(treated(preset, step, reply)).toBe(what);
});

test("lines of one reply are read as one", () => {
  const text = "5.2.0 STOREDRV.Submission.Exception:\nSubmissionQuotaExceededException";
  const policy = { preset: "microsoft365", errorPolicies: [], customFailures: [] } as const;
  expect(treatReply(policy, "content", { code: 554, text })).toMatchObject({
    kind: "hold",
    scope: "mailbox",
  });
});

describe("without a preset", () => {
  const reply = { code: 530, text: "5.7.0 Authentication required" };
  test("a reply is what its class says", () => {
    expect(treated(undefined, "content", "554 5.2.0 SubmissionQuotaExceededException")).toBe("message");
    expect(
      treatReply({ preset: undefined, errorPolicies: [], customFailures: [] }, "mail", reply),
    ).toBeUndefined();
  });
  test.each<[typeof reply, ReplyStep, string | undefined]>([
    [reply, "mail", "transient"],
    [{ code: 535, text: "5.7.8 no" }, "rcpt", "transient"],
    [{ code: 550, text: "5.7.57 Client not authenticated" }, "mail", "transient"],
    [{ code: 550, text: "5.7.1 Relaying denied" }, "rcpt", undefined],
    [{ code: 550, text: "5.1.1 no such user 530" }, "rcpt", undefined],
    [{ code: 535, text: "5.7.8 no" }, "auth", undefined],
  ])("DowngradeAuthFailures: %j at %s", (said, step, kind) => {
    const policy = {
      preset: undefined,
      errorPolicies: ["DowngradeAuthFailures"],
      customFailures: [],
    } as const;
    expect(treatReply(policy, step, said)?.kind).toBe(kind);
  });
});

describe("custom failures", () => {
  const failures = (...texts: string[]) =>
    texts.map((text) => {
      const failure = parseCustomFailure(text);
      if (!failure.ok) throw new Error(failure.message);
      return failure.value;
    });
  const both = ["DowngradeCustomFailures", "UpgradeCustomFailures"] as const;
  test.each<[pattern: string, reply: string, kind: string | undefined]>([
    ["5.7.64", "550 5.7.64 TenantAttribution; Relay Access Denied", "transient"],
    ["5.7.64", "554 5.7.64 x", "transient"],
    ["5.7.64", "550 5.7.6 x", undefined],
    ["5.7.64", "550 5.7.645 x", undefined],
    ["5.7.64", "550 5.7.1 see 5.7.64", undefined],
    ["554", "554 no", "transient"],
    ["554", "550 no", undefined],
    ["550 5.7.1", "550 5.7.1 blocked", "transient"],
    ["550 5.7.1 *Blocked*today*", "550 5.7.1 host is blocked\nfor today", "transient"],
    ["550 5.7.1 *today*blocked*", "550 5.7.1 host is blocked for today", undefined],
    ["550-5.7.1", "550 5.7.1 x", "transient"],
    ["451 4.7.1", "451 4.7.1 greylisted", "permanent"],
    ["4.7.1 gone for good", "451 4.7.1 Gone for good", "permanent"],
    ["4.7.1", "550 5.7.1 x", undefined],
  ])("%s and %s", (pattern, reply, kind) => {
    const policy = { preset: undefined, errorPolicies: both, customFailures: failures(pattern) };
    const [, code = "", text = ""] = /^(\d{3}) (.*)$/s.exec(reply) ?? [];
    expect(treatReply(policy, "content", { code: Number(code), text })?.kind).toBe(kind);
    expect(treatReply(policy, "auth", { code: Number(code), text })).toBeUndefined();
  });

  test("each policy is about one class", () => {
    const customFailures = failures("5.7.1", "4.7.1");
    const only = (policy: (typeof both)[number], code: number, text: string) =>
      treatReply({ preset: undefined, errorPolicies: [policy], customFailures }, "rcpt", { code, text })
        ?.kind;
    expect(only("DowngradeCustomFailures", 550, "5.7.1 x")).toBe("transient");
    expect(only("DowngradeCustomFailures", 450, "4.7.1 x")).toBeUndefined();
    expect(only("UpgradeCustomFailures", 450, "4.7.1 x")).toBe("permanent");
    expect(only("UpgradeCustomFailures", 550, "5.7.1 x")).toBeUndefined();
  });

  test("go before what the preset knows", () => {
    const policy = {
      preset: "microsoft365",
      errorPolicies: ["DowngradeCustomFailures"],
      customFailures: failures("5.7.60"),
    } as const;
    const refusal = {
      code: 550,
      text: "5.7.60 SMTP; Client does not have permissions to send as this sender",
    };
    expect(treatReply(policy, "mail", refusal)?.kind).toBe("transient");
    expect(treatReply({ ...policy, customFailures: [] }, "mail", refusal)?.kind).toBe("senderRefused");
  });

  test.each(["", "blocked", "250", "550 4.7.1", "5.7", "6.7.1"])("%j is none", (text) => {
    expect(parseCustomFailure(text).ok).toBe(false);
  });
});
