/**
 * What a provider's reply means for the message and for those behind it. Replies that say nothing about the message
 * (quota, a full mailbox, a log-on, too many connections) hold mail back, whatever their class; nothing is returned for
 * them. All others are taken as everybody's: 4xx is tried again, 5xx returned. Pure.
 * The texts are quotes from documentation and from other people's logs: docs/decisions/0036.
 */
import { type CustomFailure, isCustomFailure } from "./custom-failure.ts";
import type { PresetName } from "./send-presets.ts";
import type { ErrorPolicy } from "./send-connector.ts";

export type ReplyStep = "auth" | "mail" | "rcpt" | "data" | "content";

export interface Hold {
  readonly kind: "hold";
  /** Whose mail waits: all of the connector's, or that of the mailbox that hands it in. */
  readonly scope: "queue" | "mailbox";
  readonly retryAfterMs: number;
  /** What the administrator can do. */
  readonly advice: string;
  /** Told from the so-manieth time in a row on. */
  readonly tellFrom: number;
}

export interface Throttle {
  readonly kind: "throttle";
  /** Tried again within these, spread evenly. */
  readonly retryAfterMs: readonly [least: number, most: number];
  /** One connection less for this mailbox, for a while. */
  readonly fewerConnections: boolean;
}

export type ReplyTreatment =
  | Hold
  | Throttle
  /** A 5xx that is tried again (Exchange: ErrorPolicies). */
  | { readonly kind: "transient" }
  /** A 4xx that is returned. */
  | { readonly kind: "permanent" }
  /** The sender may not send so: the report names sender and mailbox. */
  | { readonly kind: "senderRefused" };

export interface ReplyPolicy {
  readonly preset: PresetName | undefined;
  readonly errorPolicies: readonly ErrorPolicy[];
  readonly customFailures: readonly CustomFailure[];
}

interface Reply {
  readonly code: number;
  readonly text: string;
}

interface Rule {
  readonly at: readonly ReplyStep[];
  /** Matched against code and text, lines joined by blanks. */
  readonly says: RegExp;
  readonly treatment: ReplyTreatment;
}

const minute = 60_000;
const hour = 60 * minute;
const auth: readonly ReplyStep[] = ["auth"];
const transaction: readonly ReplyStep[] = ["mail", "rcpt", "data", "content"];
const anywhere: readonly ReplyStep[] = ["auth", ...transaction];

const hold = (scope: Hold["scope"], retryAfterMs: number, advice: string, tellFrom = 1): Hold => ({
  kind: "hold",
  scope,
  retryAfterMs,
  advice,
  tellFrom,
});
const soon = (fewerConnections: boolean): Throttle => ({
  kind: "throttle",
  retryAfterMs: [5_000, 15_000],
  fewerConnections,
});
const senderRefused: ReplyTreatment = { kind: "senderRefused" };

const grants =
  "the application may not log on as this mailbox; see scope, object id of the enterprise application and the grants, which take up to two hours to count";
/** Replies that concern authentication (RFC 4954 §6, RFC 3463 X.7.8 and its like). */
const aboutAuthentication = /^5(?:30|34|35|38)\b|\b5\.7\.(?:8|9|57|139)\b/;

/** Behind a log-on that was taken: it has ended, or never counted. No message is at fault. */
const notLoggedOn: Rule = {
  at: transaction,
  says: aboutAuthentication,
  treatment: hold("mailbox", 5 * minute, "the log-on does not count any more, or not for this"),
};

const microsoft365: readonly Rule[] = [
  {
    at: anywhere,
    says: /SmtpClientAuthentication is disabled for the Tenant/i,
    treatment: hold(
      "queue",
      15 * minute,
      "SMTP AUTH is off for the tenant or the mailbox: Set-CASMailbox -SmtpClientAuthenticationDisabled $false",
    ),
  },
  {
    at: anywhere,
    says: /SmtpClientAuthentication is disabled for the Mailbox/i,
    treatment: hold(
      "mailbox",
      15 * minute,
      "SMTP AUTH is off for the mailbox: Set-CASMailbox -SmtpClientAuthenticationDisabled $false",
    ),
  },
  {
    at: anywhere,
    says: /\b5\.7\.139\b.*security defaults/i,
    treatment: hold("mailbox", 15 * minute, "the tenant's security defaults forbid this log-on"),
  },
  {
    at: anywhere,
    says: /\b5\.7\.139\b/,
    treatment: hold("mailbox", 15 * minute, "conditional access or the tenant's settings forbid this log-on"),
  },
  {
    at: anywhere,
    says: /\b5\.7\.30\b.*Basic authentication/i,
    treatment: hold("queue", 15 * minute, "passwords are not taken any more: give the connector oauth"),
  },
  {
    at: transaction,
    says: /\b5\.7\.57\b/,
    treatment: hold("mailbox", 5 * minute, "nobody was logged on: give the connector oauth"),
  },
  {
    at: anywhere,
    says: /\b4\.7\.66\b/,
    treatment: hold("queue", 15 * minute, "TLS 1.2 is needed on the way there"),
  },
  {
    at: transaction,
    says: /^430\b.*(?:mailbox logon failure|LogonFailed)/i,
    treatment: hold("mailbox", 5 * minute, grants, 3),
  },
  { at: anywhere, says: /^432\b|Concurrent connections limit|sender thread limit/i, treatment: soon(true) },
  {
    at: transaction,
    says: /SubmissionQuotaExceeded/i,
    treatment: hold("mailbox", hour, "its recipients of the last 24 hours are used up"),
  },
  {
    at: ["mail", "data", "content"],
    says: /\b5\.2\.2\b.*(?:mailbox full|QuotaExceeded)/i,
    treatment: hold(
      "mailbox",
      hour,
      "the mailbox is full: empty its Sent Items, or let a retention policy do it",
    ),
  },
  {
    at: transaction,
    says: /\b5\.7\.23[236]\b|external recipient rate limit/i,
    treatment: hold("queue", hour, "the tenant's external recipients of the last 24 hours are used up"),
  },
  {
    at: transaction,
    says: /\b5\.1\.8\b.*bad outbound sender/i,
    treatment: hold(
      "mailbox",
      hour,
      "Microsoft has blocked the mailbox for what it sent: see Restricted entities in Microsoft Defender",
    ),
  },
  notLoggedOn,
  { at: transaction, says: /\b5\.7\.60\b|SendAsDenied|\b5\.2\.252\b/i, treatment: senderRefused },
  { at: auth, says: /^4/, treatment: hold("mailbox", minute, "the service is busy") },
  { at: auth, says: /^5/, treatment: hold("mailbox", 5 * minute, grants) },
];

const googleAccount: readonly Rule[] = [
  {
    at: anywhere,
    says: /Daily SMTP relay (?:sending )?limit exceeded for customer/i,
    treatment: hold("queue", hour, "the customer's recipients of the last 24 hours are used up"),
  },
  {
    at: anywhere,
    says: /Daily (?:SMTP relay (?:sending )?limit|user sending (?:limit|quota)) exceeded/i,
    treatment: hold("mailbox", hour, "the sender's recipients of the last 24 hours are used up"),
  },
  {
    at: anywhere,
    says: /Peak SMTP relay limit exceeded/i,
    treatment: hold("queue", minute, "more at once than the relay takes"),
  },
  {
    at: anywhere,
    says: /Invalid credentials for relay/i,
    treatment: hold(
      "queue",
      5 * minute,
      "neither this host's address nor the fqdn of the connector is allowed to relay",
    ),
  },
  notLoggedOn,
  {
    at: auth,
    says: /Too many login attempts/i,
    treatment: hold("mailbox", 15 * minute, "Google counts failed log-ons; wait"),
  },
  { at: auth, says: /^4/, treatment: hold("mailbox", minute, "the service is busy") },
  {
    at: auth,
    says: /^5/,
    treatment: hold(
      "mailbox",
      5 * minute,
      "the service account may not act for this mailbox, or the password is wrong",
    ),
  },
];

const passwordRefused: readonly Rule[] = [
  notLoggedOn,
  { at: auth, says: /^4/, treatment: hold("queue", minute, "the service is busy") },
  { at: auth, says: /^5/, treatment: hold("queue", 5 * minute, "user name or password is wrong") },
];

const rules: Readonly<Record<PresetName, readonly Rule[]>> = {
  microsoft365,
  google: googleAccount,
  googleRelay: googleAccount,
  ses: [
    { at: transaction, says: /Maximum sending rate exceeded/i, treatment: soon(false) },
    {
      at: transaction,
      says: /Daily message quota exceeded/i,
      treatment: hold("queue", hour, "the account's messages of the last 24 hours are used up"),
    },
    { at: transaction, says: /Email address is not verified/i, treatment: senderRefused },
    ...passwordRefused,
  ],
  sendgrid: passwordRefused,
  mailgun: passwordRefused,
  acs: passwordRefused,
  // Its answers are none of SMTP: core/policy/graph-answer.
  graph: [],
};

/**
 * What a refusal means beyond its class; undefined: nothing. `reply`: of class 4 or 5. What the administrator says goes
 * before what is known of the provider. Cost: some searches, for refusals only.
 */
export function treatReply(
  { preset, errorPolicies, customFailures }: ReplyPolicy,
  step: ReplyStep,
  { code, text }: Reply,
): ReplyTreatment | undefined {
  const said = `${code} ${text.replaceAll("\n", " ")}`;
  const custom = customOf(errorPolicies, customFailures, step, code, text.replaceAll("\n", " "));
  if (custom !== undefined) return custom;
  const rule = preset && rules[preset].find(({ at, says }) => at.includes(step) && says.test(said));
  if (rule !== undefined) return rule.treatment;
  const downgrade = errorPolicies.includes("DowngradeAuthFailures") && step !== "auth";
  return downgrade && aboutAuthentication.test(said) ? { kind: "transient" } : undefined;
}

/** A log-on that is refused says nothing of a message. */
function customOf(
  errorPolicies: readonly ErrorPolicy[],
  failures: readonly CustomFailure[],
  step: ReplyStep,
  code: number,
  text: string,
): ReplyTreatment | undefined {
  const isPermanent = code >= 500;
  const policy = isPermanent ? "DowngradeCustomFailures" : "UpgradeCustomFailures";
  if (step === "auth" || failures.length === 0 || !errorPolicies.includes(policy)) return undefined;
  if (!failures.some((failure) => isCustomFailure(failure, code, text))) return undefined;
  return { kind: isPermanent ? "transient" : "permanent" };
}

/** Whether replies have to be looked at, at all. */
export function readsReplies({ preset, errorPolicies, customFailures }: ReplyPolicy): boolean {
  return preset !== undefined || customFailures.length > 0 || errorPolicies.includes("DowngradeAuthFailures");
}
