/**
 * Carries claims to smart hosts over SMTP: the front of the SMTP client.
 *
 * A job's way, and who decides. Imports point down the list of folders: pool, session, transaction, opening, job, peer, wire.
 *
 * | where                  | what happens                                             | decided by                                |
 * | ---------------------- | -------------------------------------------------------- | ----------------------------------------- |
 * | job/submit-job         | the content is signed (DKIM)                             | dkim/signer                               |
 * | job/job.ts             | a claim becomes a job: who is to be served, what is known | paths no command can carry end here       |
 * | pool/connection-pool   | an idle connection takes it, or it waits                 | waiting-jobs: for which kind of connection |
 * | pool/dialler           | connections are opened                                   | outbound-connections: the relay's limit   |
 * | opening/connect-to-any | whose turn, which address                                | peer/peer-order                           |
 * | opening/open-connection | greeting, EHLO, STARTTLS, AUTH                          | core/tls-policy, peer/peer-quirks         |
 * | session/client-session | one transaction after another                            | connection-wear: whether one more may come |
 * | job/message-form       | as it came, in 7-bit form, or not for this peer          | envelope-commands                         |
 * | session/conversion     | the 7-bit form is made                                   | core/message/seven-bit                    |
 * | session/transaction-mode | PIPELINING, CHUNKING, how many recipients              | peer/peer-evidence                        |
 * | transaction/envelope-phases, content-phases | commands out, replies in            | wire/reply-meaning                        |
 * | transaction/ending     | delivered, refused or broken off                         | after-refusal, after-loss (both pure)     |
 * | pool/after-transaction | over, once more, or another peer                         | itself                                    |
 * | job/concluding         | what nobody took, and the claim's result                 | itself                                    |
 *
 * Where the next hop is a provider (a preset, log-on by token, a rate limit), provider-carrier.ts stands in front: a pool for each
 * mailbox, and what core/policy/reply-policy reads in replies.
 *
 * What is remembered beyond a connection stands in peer/peer.ts, and what a peer is blamed for in peer/peer-quirks.ts.
 */
import { readsReplies } from "../../../core/policy/reply-policy.ts";
import type { SmartHost, SmtpSendConnector } from "../../../core/policy/send-connector.ts";
import { preferredAddresses } from "../../../dns/preferred-addresses.ts";
import type { Signer } from "../../../dkim/signer.ts";
import type { Events } from "../../../events/events.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { TokenSource } from "../../oauth/token-source.ts";
import { createCarriedTurns, type CarrierBudgets } from "../carried-turns.ts";
import type { AttemptResult, Carrier } from "../delivery.ts";
import { ConnectionPool } from "./pool/connection-pool.ts";
import { smartHostsHop } from "./pool/next-hop.ts";
import { jobOf } from "./job/job.ts";
import { submitJob } from "./job/submit-job.ts";
import type { MailboxLogOn } from "./opening/log-on.ts";
import type { OpeningContext } from "./opening/open-connection.ts";
import type { OnTlsAttempt } from "./opening/tls-attempt.ts";
import { OutboundConnections, PlacesOfBoth } from "./pool/outbound-connections.ts";
import type { SharedPlaces } from "./pool/shared-places.ts";
import { createPeerMemory, type PeerMemory } from "./peer/peer.ts";
import { createProviderCarrier } from "./provider-carrier.ts";
import type { ReplyReading } from "./wire/reply-reading.ts";
import type { Transcript } from "./wire/transcript.ts";

export interface SmtpCarrierSettings {
  readonly connector: SmtpSendConnector;
  /** At least one. They share the load; all addresses of each are tried. */
  readonly nextHop: readonly SmartHost[];
  readonly ports: Ports;
  readonly events: Events;
  /** What is known of peers; give the same to all carriers so that it outlives each. */
  readonly memory?: PeerMemory;
  /** The relay's connections, counted together; give the same to all carriers. Without: no limit. */
  readonly outbound?: OutboundConnections;
  /** Limits of connections to a next hop that are those of several nodes. Without: they are this relay's. */
  readonly places?: SharedPlaces | undefined;
  /** Of the connector's `oauth`; without, such a connector reaches nobody. */
  readonly tokens?: TokenSource;
  /** Signs what goes out; without: nothing is signed. */
  readonly signer?: Signer | undefined;
  /** What is counted by mailbox and connector; without: no limit. */
  readonly budgets?: CarrierBudgets;
  /** The protocol log. */
  readonly transcript?: Transcript;
  /** As in OpeningContext. */
  readonly tlsOf?: OpeningContext["tlsOf"];
  readonly onTls?: OnTlsAttempt | undefined;
}

/** Also for `unlimited`: Exchange's MaxOutboundConnections. */
const mostConnections = 1_000;
/** Claims at hand for each connection: one running, one written behind it, one waiting. */
const claimsPerConnection = 3;

/**
 * Opens nothing until the first claim. `carry` never rejects for anything a peer, disk or name server does.
 * Cost per message on a pooled connection: one or two system calls, no timer, one promise.
 */
export function createSmtpCarrier(settings: SmtpCarrierSettings): Carrier {
  const { connector, nextHop, ports, events, signer } = settings;
  if (nextHop.length === 0) throw new RangeError("a next hop needs a host");
  const connections = Math.max(1, Math.min(connector.maxConcurrentConnections, mostConnections));
  const host = nextHop[0]?.host ?? "";
  let sessions = 0;
  const memory = settings.memory ?? createPeerMemory();
  const outbound = settings.outbound ?? new OutboundConnections(() => Infinity);
  const addresses = preferredAddresses(connector, ports.dns);
  const newPool = (logOn?: MailboxLogOn, replies?: ReplyReading): ConnectionPool => {
    const hop =
      connector.maxConcurrentConnections === Infinity
        ? undefined
        : settings.places?.of(`out\n${connector.name}\n${logOn?.mailbox ?? ""}`, connections);
    return new ConnectionPool(
      {
        connector,
        ports,
        events,
        memory,
        transcript: settings.transcript,
        logOn,
        signer,
        ...(addresses && { addresses }),
        ...(settings.tlsOf && { tlsOf: settings.tlsOf }),
        onTls: settings.onTls,
        nextSession: () => ++sessions,
      },
      smartHostsHop(nextHop, memory, ports.random),
      hop === undefined ? outbound : new PlacesOfBoth(hop.taken, outbound, () => hop.left()),
      connections,
      replies,
      () => hop?.release(),
    );
  };
  const claimsPerPool = connections * claimsPerConnection;
  const tokens = connector.oauth === undefined ? undefined : settings.tokens;
  const turns = createCarriedTurns(connector, host, ports.clock, settings.budgets);
  if (tokens !== undefined || turns !== undefined || readsReplies(connector))
    return createProviderCarrier({ connector, ports, signer, events, tokens, turns, claimsPerPool, newPool });
  const pool = newPool();
  return {
    concurrency: claimsPerPool,
    carry: (claim) =>
      new Promise<AttemptResult>((resolve) => {
        submitJob(claim, resolve, { signer, host, submit: (job) => pool.submit(job) });
      }),
    recall: (claim) => pool.recall(jobOf(claim)),
    close: (graceMs) => pool.close(graceMs),
  };
}
