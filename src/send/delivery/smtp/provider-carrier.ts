/**
 * Carries claims to a provider: by mailbox where it logs on by token, at the pace of its budgets (../carried-turns.ts), with
 * what the provider's replies mean for the mail behind a message. Connections and transactions are those of every smart host.
 */
import { mailboxFor } from "../../../core/policy/sender-mailbox.ts";
import { treatReply } from "../../../core/policy/reply-policy.ts";
import type { SmtpSendConnector } from "../../../core/policy/send-connector.ts";
import type { Signer } from "../../../dkim/signer.ts";
import type { Events } from "../../../events/events.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { Claim } from "../../../spool/spool.ts";
import type { TokenSource } from "../../oauth/token-source.ts";
import type { AttemptResult, Carrier, Verdict } from "../delivery.ts";
import type { CarriedTurns } from "../carried-turns.ts";
import { type Held, SendHolds } from "../send-holds.ts";
import { mostTurnsWaiting } from "../../budget/send-turns.ts";
import { jobOf, type JobResult } from "./job/job.ts";
import { submitJob } from "./job/submit-job.ts";
import type { MailboxLogOn } from "./opening/log-on.ts";
import type { ConnectionPool } from "./pool/connection-pool.ts";
import { localVerdict, printable } from "./wire/peer-verdict.ts";
import type { ReplyReading } from "./wire/reply-reading.ts";

/** Mailboxes whose mail is carried at once. */
const mailboxesAtOnce = 16;
/** Pools kept, in use or not. */
const mostPools = 100;

export function createProviderCarrier(settings: {
  readonly connector: SmtpSendConnector;
  readonly ports: Ports;
  readonly events: Events;
  /** Where the connector logs on by token. */
  readonly tokens: TokenSource | undefined;
  readonly signer: Signer | undefined;
  /** Where messages a minute or recipients a day are limited. */
  readonly turns: CarriedTurns | undefined;
  /** Claims at hand for the connections of one pool. */
  readonly claimsPerPool: number;
  readonly newPool: (logOn: MailboxLogOn | undefined, replies: ReplyReading) => ConnectionPool;
}): Carrier {
  const { connector, ports, events, tokens, signer, turns, claimsPerPool, newPool } = settings;
  const { clock, random } = ports;
  const holds = new SendHolds(connector.name, clock, events);
  const pools = new Map<string, ConnectionPool>();
  const nextHop = connector.smartHosts[0]?.host ?? "";
  /** With a password one account hands in the mail of all. */
  const account = connector.authenticationCredential?.userName;
  const mailboxOf = (reversePath: string): string =>
    account ?? mailboxFor(reversePath, connector.senderMailboxes) ?? reversePath;

  const replies: ReplyReading = {
    treat: (step, reply) => treatReply(connector, step, reply),
    apply(treatment, reversePath, verdict, host) {
      const mailbox = mailboxOf(reversePath);
      if (treatment.kind === "hold") return holds.begin(mailbox, treatment, verdict, host);
      if (treatment.fewerConnections) pools.get(keyOf(mailbox))?.narrow();
      events.emit("SenderThrottled", {
        connector: connector.name,
        who: mailbox,
        host,
        error: verdict.text,
      });
      const [least, most] = treatment.retryAfterMs;
      return least + random() * (most - least);
    },
    naming(verdict, reversePath) {
      const isLoggedOn = tokens !== undefined || account !== undefined;
      const as = isLoggedOn ? `, logged on as ${mailboxOf(reversePath)}` : "";
      return { ...verdict, text: printable(`${verdict.text} (sender <${reversePath}>${as})`) };
    },
    delivered: (reversePath) => holds.ended(mailboxOf(reversePath)),
  };

  const keyOf = (mailbox: string): string => (tokens === undefined ? "" : mailbox);

  const poolFor = (mailbox: string): ConnectionPool => {
    const key = keyOf(mailbox);
    let pool = pools.get(key);
    if (pool === undefined) {
      if (pools.size >= mostPools) forgetUnused();
      pool = newPool(tokens && { mailbox, tokens }, replies);
      pools.set(key, pool);
    }
    return pool;
  };

  const forgetUnused = (): void => {
    for (const [key, pool] of pools) {
      if (!pool.isUnused) continue;
      pools.delete(key);
      void pool.close(0);
    }
  };

  const waits = ({ scope, since: heldSince, host, verdict, until }: Held): AttemptResult => {
    const retryAfterMs = Math.max(1, until - clock.now());
    if (scope === "queue") return { kind: "unreachable", host, verdict, retryAfterMs };
    return { kind: "throttled", host, verdict, retryAfterMs, heldSince };
  };

  /** A log-on that was refused holds what is behind it, too. */
  const settled = (result: JobResult, mailbox: string): AttemptResult => {
    const heldSince = holds.since(mailbox);
    if (result.kind === "attempted" && heldSince !== undefined) return { ...result, heldSince };
    if (result.kind !== "unreachable" || result.hold === undefined) return result;
    const { hold, host, verdict } = result;
    const retryAfterMs = holds.begin(mailbox, hold, verdict, host);
    const held = holds.of(mailbox);
    return held === undefined
      ? { kind: hold.scope === "queue" ? "unreachable" : "throttled", host, verdict, retryAfterMs }
      : waits({ ...held, scope: hold.scope, host, verdict, until: clock.now() + retryAfterMs });
  };

  const submit = (claim: Claim, mailbox: string): Promise<AttemptResult> => {
    const held = holds.of(mailbox);
    if (held !== undefined) return Promise.resolve(waits(held));
    return new Promise<AttemptResult>((resolve) => {
      submitJob(claim, (result) => resolve(settled(result, mailbox)), {
        signer,
        host: nextHop,
        submit: (job) => poolFor(mailbox).submit(job),
      });
    });
  };

  const atOnce = tokens === undefined ? claimsPerPool : claimsPerPool * mailboxesAtOnce;
  return {
    concurrency: turns === undefined ? atOnce : atOnce + mostTurnsWaiting,
    carry(claim) {
      const { reversePath } = claim.message.envelope;
      const known = mailboxFor(reversePath, connector.senderMailboxes);
      if (known === undefined && tokens !== undefined) return Promise.resolve(noMailbox(claim, nextHop));
      const mailbox = mailboxOf(reversePath);
      if (turns === undefined || holds.of(mailbox) !== undefined) return submit(claim, mailbox);
      return turns.carry(claim, mailbox, () => submit(claim, mailbox));
    },
    holds: () => holds.list,
    holding: () => holds.text,
    waitsForTurn: () => turns?.text,
    turnsWaiting: () => turns?.size ?? 0,
    emptyAt: () => holds.delays(turns?.emptyAt),
    recall(claim) {
      const atTurns = turns?.recall(claim?.message.id) === true;
      const atPools = Array.from(pools.values(), (pool) => pool.recall(jobOf(claim)));
      return atTurns || atPools.includes(true);
    },
    ...(turns && { gone: (id) => turns.gone(id) }),
    retryNow() {
      holds.release();
      turns?.retryNow();
      tokens?.retryNow();
    },
    async close(graceMs) {
      turns?.close();
      await Promise.all(Array.from(pools.values(), (pool) => pool.close(graceMs)));
    },
  };
}

const noSender: Verdict = localVerdict(
  "5.7.8",
  '550 5.7.8 no mailbox is named to hand in mail with the null reverse-path: senderMailboxes "<>"',
);

function noMailbox({ recipients }: Claim, host: string): AttemptResult {
  const outcomes = recipients.map(({ index }) => ({ kind: "permanent", index, verdict: noSender }) as const);
  return { kind: "attempted", host, outcomes };
}
