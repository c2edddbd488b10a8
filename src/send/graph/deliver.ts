/** One claim to Graph: in one call where it can be, in halves to find a recipient that is refused. */
import { domainToASCII } from "node:url";
import { addressedTo } from "../../core/message/recipient-fields/envelope-in-header.ts";
import { graphLargestContentBytes } from "../../core/policy/graph-limits.ts";
import type { Hold } from "../../core/policy/reply-policy.ts";
import type { GraphSendConnector } from "../../core/policy/send-connector.ts";
import type { Events } from "../../events/events.ts";
import type { HttpRequest } from "../../ports/http-request.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Claim } from "../../spool/spool.ts";
import type { AttemptResult, RecipientOutcome, Verdict } from "../delivery/delivery.ts";
import type { SendHolds } from "../delivery/send-holds.ts";
import { localVerdict } from "../delivery/smtp/wire/peer-verdict.ts";
import { TokenFailure, type TokenSource } from "../oauth/token-source.ts";
import { type Addressee, addresseesOf, halves, inParts } from "./addressees.ts";
import { sendMail, type SendMailResult } from "./send-mail.ts";

export interface Delivering {
  readonly connector: GraphSendConnector;
  readonly ports: Pick<Ports, "clock">;
  readonly events: Events;
  readonly http: HttpRequest;
  readonly tokens: TokenSource;
  readonly holds: SendHolds;
  readonly host: string;
  /** That of the URL. */
  readonly mailbox: string;
  /** For reports. */
  readonly from: string;
  readonly signal: AbortSignal;
}

/** Of one call: what becomes of its recipients, or of everybody that is left. */
type Ended =
  | { readonly kind: "delivered" | "permanent"; readonly verdict: Verdict }
  | { readonly kind: "split"; readonly verdict: Verdict }
  /** Nothing more is asked: the result where nothing was done yet. `outcome`: else, for each that is left. */
  | {
      readonly kind: "stop";
      readonly result: AttemptResult | undefined;
      readonly verdict: Verdict;
      readonly retryAfterMs?: number;
      readonly unconfirmed?: true;
    };

/** More than twice log2 of the largest claim; beyond it the rest comes later. */
const mostCalls = 64;
const restLaterMs = 30_000;

/** Never rejects for anything the service, the token endpoint or the network does. */
export async function deliver(claim: Claim, content: Buffer, about: Delivering): Promise<AttemptResult> {
  const { connector, events, holds, host, mailbox } = about;
  const { addressees, outcomes: unnamed } = addresseesOf(claim);
  const outcomes: RecipientOutcome[] = [...unnamed];
  const parts = inParts(addressees, connector.maxRecipientsPerTransaction);
  const isWhole = parts.length === 1 && claim.recipients.length === claim.message.envelope.recipients.length;
  let calls = 0;
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const { content: pieces, surplus } = addressedTo(
      content,
      part.map((addressee) => addressee.mailbox),
      domainToASCII,
    );
    if (isWhole && calls === 0 && surplus > 0)
      events.emit("GraphHeaderReduced", { connector: connector.name, sender: about.from, removed: surplus });
    const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    let ended: Ended;
    if (sizeBytes > graphLargestContentBytes) ended = { kind: "split", verdict: tooLarge(sizeBytes) };
    else if (calls === mostCalls) ended = laterOnes();
    else {
      calls++;
      ended = await call(pieces, about);
    }
    switch (ended.kind) {
      case "split":
        if (part.length > 1) parts.unshift(...halves(part));
        else tell(part, ended.verdict, "permanent");
        break;
      case "delivered":
        holds.ended(mailbox);
        tell(part, ended.verdict, "delivered");
        break;
      case "permanent":
        tell(part, ended.verdict, "permanent");
        break;
      case "stop": {
        if (outcomes.length === 0 && ended.result !== undefined) return ended.result;
        const { verdict, retryAfterMs, unconfirmed } = ended;
        const later = {
          kind: "transient",
          verdict,
          ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        } as const;
        for (const index of indexesOf(part))
          outcomes.push({ ...later, index, ...(unconfirmed && { unconfirmed }) });
        for (const index of parts.flatMap(indexesOf)) outcomes.push({ ...later, index });
        parts.length = 0;
      }
    }
  }
  return { kind: "attempted", host, outcomes };

  function tell(part: readonly Addressee[], verdict: Verdict, kind: "delivered" | "permanent"): void {
    for (const index of indexesOf(part))
      outcomes.push(
        kind === "delivered" ? { kind, index, verdict, dsnRelayed: false } : { kind, index, verdict },
      );
  }
}

function indexesOf(part: readonly Addressee[]): readonly number[] {
  return part.flatMap(({ indexes }) => indexes);
}

/** With a new token once, where the one at hand is refused. */
async function call(content: readonly Buffer[], about: Delivering): Promise<Ended> {
  const { connector, http, tokens, host, mailbox, signal } = about;
  const { clock } = about.ports;
  for (let isLast = false; ; isLast = true) {
    let token;
    try {
      token = await tokens.token(mailbox);
    } catch (error) {
      if (!(error instanceof TokenFailure)) throw error;
      const verdict = localVerdict("4.7.0", error.message);
      const { retryAfterMs } = error;
      return {
        kind: "stop",
        result: { kind: "unreachable", host, verdict, retryAfterMs },
        verdict,
        retryAfterMs,
      };
    }
    const now = clock.wall().getTime();
    const { graphRoot } = connector;
    const result = await sendMail(http, { graphRoot, mailbox, token: token.value, content, signal, now });
    const isRefused = result.kind === "answered" && result.meaning.kind === "token";
    if (!isRefused || isLast) return endedBy(result, about);
    tokens.drop(mailbox, token);
  }
}

function endedBy(result: SendMailResult, about: Delivering): Ended {
  const { host, mailbox, from, signal } = about;
  if (result.kind === "failed") {
    const { words, reached, sent } = result;
    const verdict = localVerdict("4.4.2", `${host}: ${words}`);
    if (sent) return { kind: "stop", result: undefined, verdict, unconfirmed: true };
    if (signal.aborted) return { kind: "stop", result: { kind: "aborted" }, verdict };
    return { kind: "stop", result: reached ? undefined : { kind: "unreachable", host, verdict }, verdict };
  }
  const { meaning, words } = result;
  const said = (code: string, status: string, more = ""): Verdict =>
    localVerdict(status, `${code} ${status} Microsoft Graph answered ${words} for mailbox ${mailbox}${more}`);
  switch (meaning.kind) {
    case "accepted":
      return { kind: "delivered", verdict: said("250", "2.0.0") };
    case "permanent":
      return { kind: "permanent", verdict: said("550", meaning.status) };
    case "senderRefused":
      return { kind: "permanent", verdict: said("550", "5.7.60", ` (sender ${from})`) };
    case "tooLarge":
      return { kind: "permanent", verdict: said("552", "5.3.4", "; see overflowConnector") };
    case "invalidRecipients":
      return { kind: "split", verdict: said("550", "5.1.3") };
    case "transient":
      return { kind: "stop", result: undefined, verdict: said("451", "4.3.0") };
    case "token":
    case "hold":
      return held(meaning.hold, said("450", "4.7.0"), about);
    case "throttled":
      return slowed(meaning.retryAfterMs, said("450", "4.3.2"), about);
  }
}

function held(hold: Hold, verdict: Verdict, { holds, host, mailbox }: Delivering): Ended {
  const retryAfterMs = holds.begin(mailbox, hold, verdict, host);
  const kind = hold.scope === "queue" ? "unreachable" : "throttled";
  return { kind: "stop", result: { kind, host, verdict, retryAfterMs }, verdict, retryAfterMs };
}

/** The mailbox's mail waits as long as it is asked to; nothing is wrong. */
function slowed(retryAfterMs: number, verdict: Verdict, about: Delivering): Ended {
  const { connector, events, holds, host, mailbox } = about;
  if (holds.of(mailbox) === undefined)
    events.emit("SenderThrottled", { connector: connector.name, who: mailbox, host, error: verdict.text });
  return held(
    { kind: "hold", scope: "mailbox", retryAfterMs, advice: "", tellFrom: Infinity },
    verdict,
    about,
  );
}

function tooLarge(sizeBytes: number): Verdict {
  return localVerdict(
    "5.3.4",
    `552 5.3.4 Message size ${sizeBytes} exceeds what Microsoft Graph takes, ${graphLargestContentBytes}; see overflowConnector`,
  );
}

function laterOnes(): Ended {
  const verdict = localVerdict("4.3.2", "450 4.3.2 Other recipients of the message are looked into first");
  return { kind: "stop", result: undefined, verdict, retryAfterMs: restLaterMs };
}
