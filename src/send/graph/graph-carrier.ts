/**
 * Carries claims to Microsoft Graph (`sendMail`, MIME format). Graph has no envelope: the header is made to say who gets the
 * message (core/message/recipient-fields), all open recipients go in one call, and its answer is the same for all.
 * What 202 means is "relayed": what fails later comes as a report into the mailbox. There is no idempotency key: an answer
 * that is lost means that the message may come twice.
 */
import { setMaxListeners } from "node:events";
import { authorOf } from "../../core/message/recipient-fields/envelope-in-header.ts";
import { graphMailboxFor } from "../../core/policy/graph-mailbox.ts";
import type { GraphSendConnector } from "../../core/policy/send-connector.ts";
import type { Events } from "../../events/events.ts";
import type { HttpRequest } from "../../ports/http-request.ts";
import type { Ports } from "../../ports/ports.ts";
import { SpoolError, type Claim } from "../../spool/spool.ts";
import { mostTurnsWaiting } from "../budget/send-turns.ts";
import { createCarriedTurns, type CarrierBudgets } from "../delivery/carried-turns.ts";
import type { AttemptResult, Carrier } from "../delivery/delivery.ts";
import { type Held, SendHolds } from "../delivery/send-holds.ts";
import { unreadResult } from "../delivery/unread-result.ts";
import { localVerdict } from "../delivery/smtp/wire/peer-verdict.ts";
import type { TokenSource } from "../oauth/token-source.ts";
import { deliver } from "./deliver.ts";
import type { MailboxTurns } from "./mailbox-turns.ts";
import { readHeader, readWhole } from "./read-content.ts";

export interface GraphCarrierSettings {
  readonly connector: GraphSendConnector;
  readonly ports: Pick<Ports, "clock">;
  readonly events: Events;
  readonly http: HttpRequest;
  readonly tokens: TokenSource;
  /** Give the same to all carriers: Graph counts by application and mailbox. */
  readonly atOnce: MailboxTurns;
  /** What is counted by mailbox and connector; without: no limit. */
  readonly budgets?: CarrierBudgets;
}

/** Mailboxes whose mail is carried at once. */
const mailboxesAtOnce = 16;
const nullSenderAgainMs = 60_000;

/** `carry` never rejects for anything Graph, the token endpoint, network or disk does. Memory: contents under way, twice. */
export function createGraphCarrier(settings: GraphCarrierSettings): Carrier {
  const { connector, ports, events, tokens, atOnce } = settings;
  const { clock } = ports;
  const { oauth, maxConcurrentConnections: mostAtOnce } = connector;
  const holds = new SendHolds(connector.name, clock, events);
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  const host = new URL(connector.graphRoot).host;
  const application = oauth.grant.kind === "clientCredentials" ? oauth.grant.clientId : "";
  const turns = createCarriedTurns(connector, host, clock, settings.budgets);
  let closed = false;
  let running = 0;
  let tellIdle: (() => void) | undefined;

  const waits = ({ scope, since: heldSince, host: at, verdict, until }: Held): AttemptResult => {
    const retryAfterMs = Math.max(1, until - clock.now());
    if (scope === "queue") return { kind: "unreachable", host: at, verdict, retryAfterMs };
    return { kind: "throttled", host: at, verdict, retryAfterMs, heldSince };
  };

  const attempt = async (claim: Claim): Promise<AttemptResult> => {
    const { reversePath } = claim.message.envelope;
    // Routing knows better; this is for what was claimed before it did.
    if (reversePath === "")
      return { kind: "throttled", host, verdict: noNullSender, retryAfterMs: nullSenderAgainMs };
    const author = authorOf(await readHeader(claim.content));
    const from = author && `${author.localPart}@${author.domain}`;
    const mailbox = graphMailboxFor(from, reversePath, connector.senderMailboxes);
    const held = holds.of(mailbox);
    if (held !== undefined) return waits(held);
    const about = { mailbox, from: from ?? reversePath };
    return turns === undefined
      ? handOver(claim, about)
      : turns.carry(claim, mailbox, () => handOver(claim, about));
  };

  const handOver = async (
    claim: Claim,
    { mailbox, from }: { readonly mailbox: string; readonly from: string },
  ): Promise<AttemptResult> => {
    const end = await atOnce.take(
      `${oauth.tokenEndpoint} ${application} ${mailbox.toLowerCase()}`,
      mostAtOnce,
    );
    try {
      const held = holds.of(mailbox);
      if (held !== undefined) return waits(held);
      if (closed) return { kind: "aborted" };
      const content = await readWhole(claim.content);
      if (claim.isHeld?.() === false) return { kind: "aborted" };
      const result = await deliver(claim, content, {
        ...settings,
        host,
        mailbox,
        from,
        holds,
        tokens,
        signal: stopping.signal,
      });
      const heldSince = holds.since(mailbox);
      return heldSince !== undefined && (result.kind === "attempted" || result.kind === "throttled")
        ? { ...result, heldSince }
        : result;
    } finally {
      end();
    }
  };

  return {
    concurrency: mostAtOnce * mailboxesAtOnce + (turns === undefined ? 0 : mostTurnsWaiting),
    async carry(claim) {
      if (closed) return { kind: "aborted" };
      running++;
      try {
        return await attempt(claim);
      } catch (error) {
        if (error instanceof SpoolError) return unreadResult(claim, error, host);
        throw error;
      } finally {
        if (--running === 0) tellIdle?.();
      }
    },
    holds: () => holds.list,
    holding: () => holds.text,
    waitsForTurn: () => turns?.text,
    turnsWaiting: () => turns?.size ?? 0,
    emptyAt: () => holds.delays(turns?.emptyAt),
    ...(turns && { recall: (claim) => turns.recall(claim?.message.id), gone: (id) => turns.gone(id) }),
    retryNow() {
      holds.release();
      turns?.retryNow();
      tokens.retryNow();
    },
    async close(graceMs) {
      closed = true;
      turns?.close();
      if (running === 0) return;
      const timer = clock.after(graceMs, () => stopping.abort());
      await new Promise<void>((resolve) => (tellIdle = resolve));
      timer.cancel();
    },
  };
}

const noNullSender = localVerdict(
  "4.4.4",
  "450 4.4.4 Microsoft Graph carries no mail with the null reverse-path",
);
