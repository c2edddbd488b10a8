/** What refusals are in HTTP; for kinds that SMTP alone meets it does not matter. */
import { expect, test } from "vitest";
import { spokenRefusals, type SpokenKind } from "./catalogue.ts";
import { httpAnswer, toldAnswer } from "./http-answer.ts";
import { faultsText, problemOf } from "./problem.ts";
import type { Refusal } from "./refusal.ts";

test.each<[SpokenKind, number, string, number | undefined]>([
  ["authenticationFailed", 401, "invalid_api_key", undefined],
  ["notAuthenticated", 401, "missing_api_key", undefined],
  ["unableToRelay", 403, "relay_denied", undefined],
  ["sendAsDenied", 403, "sender_not_allowed", undefined],
  ["invalidRecipient", 422, "validation_error", undefined],
  ["invalidSender", 422, "validation_error", undefined],
  ["nulInContent", 422, "validation_error", undefined],
  ["hopCountExceeded", 422, "validation_error", undefined],
  ["reservedTopLevelDomain", 422, "validation_error", undefined],
  ["tooManyRecipients", 422, "too_many_recipients", undefined],
  ["messageTooLarge", 413, "message_too_large", undefined],
  ["connectionLimitPerSource", 429, "connection_limit_exceeded", 5],
  ["messageRate", 429, "rate_limit_exceeded", 60],
  ["clientRecipientRate", 429, "daily_quota_exceeded", 900],
  ["authenticationTemporary", 503, "temporarily_unavailable", 30],
  ["insufficientResources", 503, "insufficient_resources", 30],
  ["serviceSuspended", 503, "service_suspended", 60],
  ["shuttingDown", 503, "shutting_down", 10],
  ["putOffAsAsked", 503, "temporarily_unavailable", 30],
  ["noConnector", 403, "source_not_allowed", undefined],
  ["connectionLimit", 429, "connection_limit_exceeded", 5],
  ["connectionPercentagePerSource", 429, "connection_limit_exceeded", 5],
  ["connectionRate", 429, "connection_rate_exceeded", 60],
  ["clientMessageRate", 429, "rate_limit_exceeded", 60],
  ["connectorDenied", 403, "connector_not_allowed", undefined],
  ["accountMayNotSubmit", 403, "restricted_api_key", undefined],
  ["accountNotOnConnector", 403, "restricted_api_key", undefined],
  ["authenticationNeedsTls", 403, "https_required", undefined],
  ["authenticationNotOffered", 401, "authentication_not_offered", undefined],
  ["authenticationMechanismUnknown", 401, "authentication_not_offered", undefined],
  ["tooManyLogonFailures", 429, "too_many_logon_failures", 60],
  ["tlsRequired", 403, "https_required", undefined],
  ["httpsRequired", 403, "https_required", undefined],
  ["declaredTooLarge", 413, "message_too_large", undefined],
  ["headerTooLarge", 413, "header_too_large", undefined],
  ["requestMalformed", 400, "validation_error", undefined],
  ["requestNotServed", 404, "not_found", undefined],
  ["requestUnderWay", 409, "request_in_progress", 1],
  ["timedOut", 408, "request_timeout", undefined],
  ["messageTimedOut", 408, "request_timeout", undefined],
  ["diskFull", 503, "insufficient_resources", 60],
  ["fault", 500, "application_error", 10],
  ["localError", 503, "application_error", 30],
  ["databaseAway", 503, "service_unavailable", 10],
  ["databaseAwayAtDoor", 503, "service_unavailable", 10],
])("%s is %d %s", (kind, status, name, retryAfterSeconds) => {
  const answer = httpAnswer(kind);
  expect([answer.status, answer.name, answer.retryAfterSeconds]).toEqual([status, name, retryAfterSeconds]);
});

test("what says come again says when, and what does not come again says nothing", () => {
  for (const kind of Object.keys(spokenRefusals) as SpokenKind[]) {
    const { status, retryAfterSeconds } = httpAnswer(kind);
    expect([kind, retryAfterSeconds !== undefined]).toEqual([kind, [409, 429, 500, 503].includes(status)]);
  }
});

const told: Refusal = {
  kind: "messageRate",
  class: "rate",
  connector: "AppRelay",
  limit: "messageRateLimit",
  configured: 30,
  allowed: 30,
  seen: 30,
  problem: "",
  about: undefined,
  source: "10.0.0.1",
  eventId: 1031,
  reference: "R1",
};
const { reply } = spokenRefusals.messageRate;

test("a refusal as a body: Resend's names, SMTP's reply, the limit where it may be told", () => {
  const explained = { ...reply, text: `${reply.text} (AppRelay: …)`, told };
  expect(problemOf(explained, httpAnswer("messageRate"))).toEqual({
    type: "urn:weir:refusal:messageRate",
    title: reply.text,
    status: 429,
    detail: explained.text,
    name: "rate_limit_exceeded",
    message: explained.text,
    statusCode: 429,
    reference: "R1",
    smtp: expect.stringMatching(/^421 4\.4\.2 /),
    limit: { name: "messageRateLimit", value: 30, current: 30, retryAfter: 60 },
  });
  expect(problemOf({ ...reply, told }, httpAnswer("messageRate"))).not.toHaveProperty("limit");
});

test("of many faults the first are named, and that there are more", () => {
  const own = { ...reply, told };
  const faults = (length: number) => Array.from({ length }, (_, n) => ({ path: `to[${n}]`, message: "x" }));
  const seven = problemOf(own, httpAnswer("messageRate"), { faults: faults(7) });
  expect([seven.errors?.length, seven.message]).toEqual([7, expect.stringMatching(/; and 2 more$/)]);
  const many = problemOf(own, httpAnswer("messageRate"), { faults: faults(21) });
  expect(many.errors).toHaveLength(21);
  expect(many.errors?.at(-1)?.message).toMatch(/first 20/);
  expect(many.message).toMatch(/; and more$/);
});

test.each<[string, SpokenKind, number | undefined, number, number | undefined]>([
  ["as it was worked out", "messageRate", 7, 429, 7],
  ["as of its kind, where nobody did", "messageRate", undefined, 429, 60],
  ["never: it is the request that has to change", "clientRecipientRate", Infinity, 422, undefined],
  ["what does not come again does not for a time either", "unableToRelay", 7, 403, undefined],
])("when to come again: %s", (_, kind, retryAfterSeconds, status, expected) => {
  const answer = toldAnswer({ ...spokenRefusals[kind].reply, told: { ...told, kind, retryAfterSeconds } });
  expect([answer.status, answer.retryAfterSeconds]).toEqual([status, expected]);
});

test("recipients and fields are named one by one", () => {
  const own = { ...reply, told };
  const parts = {
    recipients: [{ address: "a@b.test", reply: own }],
    faults: [{ path: "to[0]", message: "is no address" }],
  };
  expect(problemOf(own, httpAnswer("messageRate"), parts)).toMatchObject({
    message: "to[0] is no address",
    errors: [{ path: "to[0]", message: "is no address" }],
    recipients: [{ address: "a@b.test", status: "refused", reference: "R1" }],
  });
});

test("several faults are one line, those beyond the fifth a figure", () => {
  const faults = ["to", "cc", "", "bcc", "from", "subject", "text"].map((path) => ({
    path,
    message: "is bad",
  }));
  expect(faultsText(faults)).toBe("to is bad; cc is bad; is bad; bcc is bad; from is bad; and 2 more");
});
