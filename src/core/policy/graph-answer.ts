/**
 * What an answer of Microsoft Graph to `sendMail` means. 202 alone is success: 200 was seen where no mail went. Whatever
 * speaks of mailbox, application or service holds the mailbox's mail and returns nothing. Sources: Graph docs (user-sendmail,
 * throttling-outlook) and other people's logs: docs/decisions/0039. Pure.
 */
import type { Hold } from "./reply-policy.ts";

export type GraphMeaning =
  | { readonly kind: "accepted" }
  /** This message goes to nobody. `status`: RFC 3463. */
  | { readonly kind: "permanent"; readonly status: string }
  /** One recipient of several, at least. */
  | { readonly kind: "invalidRecipients" }
  /** The report has to name sender and mailbox. */
  | { readonly kind: "senderRefused" }
  | { readonly kind: "tooLarge" }
  /** The token: a new one once, then it is the application's fault. */
  | { readonly kind: "token"; readonly hold: Hold }
  | { readonly kind: "hold"; readonly hold: Hold }
  /** As a hold, but nothing is wrong. */
  | { readonly kind: "throttled"; readonly retryAfterMs: number }
  | { readonly kind: "transient" };

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const usualRetryAfterMs = 30 * second;
const longestRetryAfterMs = 10 * minute;

const hold = (
  retryAfterMs: number,
  advice: string,
  scope: Hold["scope"] = "mailbox",
  tellFrom = 1,
): Hold => ({
  kind: "hold",
  scope,
  retryAfterMs,
  advice,
  tellFrom,
});

const grants =
  "the application may not send as this mailbox: Mail.Send or the role Application Mail.Send, with the mailbox in its scope; grants take up to two hours to count";
const noMailbox =
  "there is no mailbox in Exchange Online behind it (licence, deleted, on premises): see senderMailboxes";

const notGraph: Hold = hold(
  5 * minute,
  "this is no answer of Microsoft Graph: graphRoot, or a proxy on the way",
  "queue",
);

/** By code, whatever the status. */
const byCode: Readonly<Record<string, GraphMeaning>> = {
  ErrorInvalidRecipients: { kind: "invalidRecipients" },
  ErrorSendAsDenied: { kind: "senderRefused" },
  ErrorMessageSizeExceeded: { kind: "tooLarge" },
  ErrorAccessDenied: { kind: "hold", hold: hold(5 * minute, grants) },
  ErrorMessageSubmissionBlocked: {
    kind: "hold",
    hold: hold(
      hour,
      "Microsoft has blocked the mailbox from sending: see Restricted entities in Microsoft Defender",
    ),
  },
  MailboxNotEnabledForRESTAPI: { kind: "hold", hold: hold(15 * minute, noMailbox) },
  ErrorQuotaExceeded: {
    kind: "hold",
    hold: hold(hour, "the mailbox is full: empty its Sent Items, or let a retention policy do it"),
  },
  ErrorExceededMessageLimit: {
    kind: "hold",
    hold: hold(hour, "its recipients of the last 24 hours are used up"),
  },
  ErrorInvalidUser: { kind: "permanent", status: "5.1.8" },
  ErrorItemNotFound: { kind: "permanent", status: "5.1.8" },
  ResourceNotFound: { kind: "permanent", status: "5.1.8" },
  Request_ResourceNotFound: { kind: "permanent", status: "5.1.8" },
};
const transientCodes = new Set([
  "ErrorServerBusy",
  "ErrorInternalServerTransientError",
  "ErrorMailboxMoveInProgress",
  "ErrorMailboxStoreUnavailable",
  "ApplicationThrottled",
  "TooManyRequests",
]);

/** `code`: of the answer's JSON, empty without; `retryAfterMs`: as the answer asks. */
export function readGraphAnswer(
  status: number,
  code: string,
  retryAfterMs: number | undefined,
): GraphMeaning {
  if (status === 202) return { kind: "accepted" };
  const waitMs = Math.min(Math.max(retryAfterMs ?? usualRetryAfterMs, second), longestRetryAfterMs);
  if (status === 429 || status === 503 || status === 504 || transientCodes.has(code))
    return { kind: "throttled", retryAfterMs: waitMs };
  const known = Object.hasOwn(byCode, code) ? byCode[code] : undefined;
  if (known !== undefined) return known;
  // Every refusal of Graph's own has a code.
  if (code === "" && (status === 400 || status === 404)) return { kind: "hold", hold: notGraph };
  switch (status) {
    case 400:
      return { kind: "permanent", status: "5.6.0" };
    case 401:
      return {
        kind: "token",
        hold: hold(
          5 * minute,
          "Graph does not take the application's token: cloud, graphRoot or scope",
          "queue",
        ),
      };
    case 403:
      return { kind: "hold", hold: hold(5 * minute, grants) };
    case 404:
      return { kind: "permanent", status: "5.1.8" };
    case 413:
      return { kind: "tooLarge" };
    default:
      return { kind: "transient" };
  }
}

const longestMessage = 300;
/** Tokens, and content in Base64: not repeated, whoever says them. */
const secretLike = /[\w+/=.-]{40,}/g;

export interface GraphError {
  readonly code: string;
  /** `ErrorAccessDenied: Access is denied.`; empty where nothing was said. */
  readonly words: string;
}

/** The error of an answer's JSON body. Nothing long enough to be a token or content stands in it. Never throws. */
export function graphErrorOf(body: string): GraphError {
  let error: unknown;
  try {
    error = (JSON.parse(body) as { error?: unknown } | null)?.error;
  } catch {
    return { code: "", words: "" };
  }
  const { code, message } = (typeof error === "object" && error !== null ? error : {}) as Record<
    string,
    unknown
  >;
  const name = typeof code === "string" && /^[\w.]{1,80}$/.test(code) ? code : "";
  const said =
    typeof message === "string" ? message.slice(0, 10 * longestMessage).replace(secretLike, "…") : "";
  const [line = ""] = said.split(/[\r\n]/, 1);
  const short = line.length > longestMessage ? `${line.slice(0, longestMessage - 1)}…` : line;
  return { code: name, words: [name, short].filter((each) => each !== "").join(": ") };
}
