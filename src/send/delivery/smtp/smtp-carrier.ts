/** Carries claims to smart hosts over SMTP: the front of the SMTP client. */
import type { SmartHost, SmtpSendConnector } from "../../../core/policy/send-connector.ts";
import type { Events } from "../../../events/events.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { AttemptResult, Carrier } from "../delivery.ts";
import { ConnectionPool } from "./pool/connection-pool.ts";
import { createJob } from "./job/job.ts";
import { OutboundConnections } from "./pool/outbound-connections.ts";
import { createPeerMemory, type PeerMemory } from "./peer/peer.ts";
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
  /** The protocol log. */
  readonly transcript?: Transcript;
  /** PEM; in place of the system's trusted roots. */
  readonly trustedCertificates?: readonly string[];
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
  const { connector, nextHop, ports, events } = settings;
  if (nextHop.length === 0) throw new RangeError("a next hop needs a host");
  const connections = Math.max(1, Math.min(connector.maxConcurrentConnections, mostConnections));
  let sessions = 0;
  const pool = new ConnectionPool(
    {
      connector,
      ports,
      events,
      memory: settings.memory ?? createPeerMemory(),
      transcript: settings.transcript,
      trustedCertificates: settings.trustedCertificates,
      nextSession: () => ++sessions,
    },
    nextHop,
    settings.outbound ?? new OutboundConnections(() => Infinity),
    connections,
  );
  return {
    concurrency: connections * claimsPerConnection,
    carry: (claim) =>
      new Promise<AttemptResult>((resolve) => {
        const job = createJob(claim, resolve);
        if (job.recipients.length === 0) {
          resolve({ kind: "attempted", host: nextHop[0]?.host ?? "", outcomes: job.outcomes });
        } else {
          pool.submit(job);
        }
      }),
    close: (graceMs) => pool.close(graceMs),
  };
}
