/**
 * What a refusal is in HTTP: status, a name that programs go by (Resend's where it has one), and when to come again. The reply
 * of SMTP stands beside it in the answer, so that both doors say the same.
 */
import type { RefusalDefinition, SpokenKind } from "./catalogue.ts";
import { spokenRefusals } from "./catalogue.ts";
import type { ToldRefusal } from "./refusal.ts";

export type HttpRefusalStatus =
  | 400
  | 401
  | 403
  | 404
  | 405
  | 408
  | 409
  | 413
  | 415
  | 422
  | 429
  | 431
  | 500
  | 503;

export interface HttpAnswer {
  readonly status: HttpRefusalStatus;
  readonly name: string;
  /** Seconds; undefined: coming again with the same would not do better. */
  readonly retryAfterSeconds?: number;
}

const answer = (status: HttpRefusalStatus, name: string, retryAfterSeconds?: number): HttpAnswer => ({
  status,
  name,
  ...(retryAfterSeconds === undefined ? undefined : { retryAfterSeconds }),
});

/** A place comes free when somebody leaves. */
const busy = answer(429, "connection_limit_exceeded", 5);
const rate = answer(429, "rate_limit_exceeded", 60);
const tooLarge = answer(413, "message_too_large");

const byKind: Partial<Readonly<Record<SpokenKind, HttpAnswer>>> = {
  noConnector: answer(403, "source_not_allowed"),
  connectionLimit: busy,
  connectionLimitPerSource: busy,
  connectionPercentagePerSource: busy,
  connectionRate: answer(429, "connection_rate_exceeded", 60),
  messageRate: rate,
  clientMessageRate: rate,
  /** The oldest quarter of an hour of the day's count goes first. */
  clientRecipientRate: answer(429, "daily_quota_exceeded", 900),
  unableToRelay: answer(403, "relay_denied"),
  sendAsDenied: answer(403, "sender_not_allowed"),
  connectorDenied: answer(403, "connector_not_allowed"),
  notAuthenticated: answer(401, "missing_api_key"),
  authenticationFailed: answer(401, "invalid_api_key"),
  accountMayNotSubmit: answer(403, "restricted_api_key"),
  accountNotOnConnector: answer(403, "restricted_api_key"),
  authenticationNeedsTls: answer(403, "https_required"),
  authenticationNotOffered: answer(401, "authentication_not_offered"),
  authenticationMechanismUnknown: answer(401, "authentication_not_offered"),
  tooManyLogonFailures: answer(429, "too_many_logon_failures", 60),
  tlsRequired: answer(403, "https_required"),
  httpsRequired: answer(403, "https_required"),
  declaredTooLarge: tooLarge,
  messageTooLarge: tooLarge,
  headerTooLarge: answer(413, "header_too_large"),
  /** Another message, not the same once more. */
  tooManyRecipients: answer(422, "too_many_recipients"),
  requestMalformed: answer(400, "validation_error"),
  requestNotServed: answer(404, "not_found"),
  requestUnderWay: answer(409, "request_in_progress", 1),
  timedOut: answer(408, "request_timeout"),
  messageTimedOut: answer(408, "request_timeout"),
  insufficientResources: answer(503, "insufficient_resources", 30),
  diskFull: answer(503, "insufficient_resources", 60),
  serviceSuspended: answer(503, "service_suspended", 60),
  shuttingDown: answer(503, "shutting_down", 10),
  fault: answer(500, "application_error", 10),
  localError: answer(503, "application_error", 30),
  /** As long as a failover takes. */
  databaseAway: answer(503, "service_unavailable", 10),
  databaseAwayAtDoor: answer(503, "service_unavailable", 10),
};

const invalid = answer(422, "validation_error");
const later = answer(503, "temporarily_unavailable", 30);

/** As `httpAnswer`, with the time that whoever refused worked out. */
export function toldAnswer({ told: { kind, retryAfterSeconds }, code }: ToldRefusal): HttpAnswer {
  // What a reply can say was told of a spoken kind.
  const ofKind = httpAnswer(kind as SpokenKind, code);
  if (retryAfterSeconds === undefined || ofKind.retryAfterSeconds === undefined) return ofKind;
  return retryAfterSeconds === Infinity
    ? { status: 422, name: ofKind.name }
    : { ...ofKind, retryAfterSeconds };
}

/**
 * `code`: of the reply, where it is not its kind's own (captured mail refused as asked). Its times are of refusals that
 * nobody knows the end of.
 */
export function httpAnswer(kind: SpokenKind, code: number = spokenRefusals[kind].reply.code): HttpAnswer {
  const known = byKind[kind];
  if (known !== undefined) return known;
  const { class: of }: RefusalDefinition = spokenRefusals[kind];
  if (code >= 500) return invalid;
  return of === "rate" || of === "connections" ? rate : later;
}
