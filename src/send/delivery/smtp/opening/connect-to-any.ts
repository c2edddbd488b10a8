/** One connection to whichever peer of a next hop has one: peers that failed lately last, and nobody waited for long. */
import { isTlsReport } from "../../../../core/tls-report/report-message.ts";
import { SmtpClientError, asClientError } from "../wire/client-error.ts";
import { envelopeRefusal, needsSevenBit } from "../job/envelope-commands.ts";
import type { Job } from "../job/job.ts";
import { openConnection, type OpenedConnection, type OpeningContext } from "./open-connection.ts";
import { avoidHungMs, avoidRefusedMs, type NextHopHost, type Peer } from "../peer/peer.ts";
import { longestUntried, peersInOrder } from "../peer/peer-order.ts";
import { timeouts } from "../wire/timeouts.ts";
import { recipientDomain } from "../../../routing/recipient-domain.ts";
import { resolvePeers } from "./resolve-peers.ts";

export interface DialFailure {
  readonly kind: "failed";
  readonly host: string;
  /** Undefined: nobody was there to try. */
  readonly error: SmtpClientError | undefined;
}

export type Dialled =
  | { readonly kind: "opened"; readonly opened: OpenedConnection; readonly peer: Peer }
  | DialFailure
  | { readonly kind: "aborted" };

/**
 * Tries the peers that `wanted` allows until one is ready for mail. A peer that takes longer than
 * `timeouts.slowOpeningMs` is left while others are to be tried, and waited for in full when all others have failed.
 * By MX record `mxAddressLimit` of them, half by their order and half that were not tried for longest.
 * `job`: peers that could not take it come last. Of several failures the last one's is told; that TLS is missing is never
 * hidden. Never rejects.
 */
export async function connectToAny(
  hosts: readonly NextHopHost[],
  wanted: (peer: Peer) => boolean,
  job: Job | undefined,
  context: OpeningContext,
  signal: AbortSignal,
): Promise<Dialled> {
  const { connector, ports } = context;
  const { clock } = ports;
  const counted = forMailOf(job, context);
  let failure: DialFailure = { kind: "failed", host: hosts[0]?.name ?? "", error: undefined };
  const failed = (host: string, error: SmtpClientError): void => {
    if (failure.error?.code !== "tls" || error.code === "tls") failure = { kind: "failed", host, error };
  };
  const slow: Peer[] = [];
  /** Smart hosts are few. */
  const most = connector.kind === "dns" ? connector.mxAddressLimit : Infinity;
  let tried = 0;

  const tryPeer = async (peer: Peer, inFull: boolean): Promise<Dialled | undefined> => {
    tried++;
    const patience = inFull ? undefined : new AbortController();
    const timer = patience && clock.after(timeouts.slowOpeningMs, () => patience.abort());
    const both = patience === undefined ? signal : AbortSignal.any([signal, patience.signal]);
    try {
      const opened = await openConnection(peer, counted, both);
      peer.avoidUntil = 0;
      return { kind: "opened", opened, peer };
    } catch (error) {
      if (signal.aborted) return { kind: "aborted" };
      const impatient = patience?.signal.aborted === true;
      const known = impatient ? tooSlow() : asClientError(error);
      // It is no fault of this address, and the others would say the same.
      if (known.hold !== undefined) return { kind: "failed", host: peer.host.name, error: known };
      if (impatient) slow.push(peer);
      peer.avoidUntil = clock.now() + (known.code === "timeout" ? avoidHungMs : avoidRefusedMs);
      failed(peer.host.name, known);
      return undefined;
    } finally {
      timer?.cancel();
    }
  };

  const later: Peer[] = [];
  /** Beyond those that go by their order. */
  const beyond: Peer[] = [];
  const now = clock.now();
  const able = (peer: Peer): boolean => job === undefined || isAble(peer, job, context);
  for (const [position, host] of hosts.entries()) {
    let peers: readonly Peer[];
    try {
      peers = await resolvePeers(host, context, signal);
    } catch (error) {
      if (signal.aborted) return { kind: "aborted" };
      failed(host.name, asClientError(error));
      continue;
    }
    const order = peersInOrder([peers.filter(wanted)], now, able);
    const first = order.filter((peer) => peer.avoidUntil <= now && able(peer));
    later.push(...order.filter((peer) => !first.includes(peer)));
    for (const [at, peer] of first.entries()) {
      if (tried >= most / 2) {
        beyond.push(peer);
        continue;
      }
      const others = at < first.length - 1 || position < hosts.length - 1 || later.length > 0;
      const done = await tryPeer(peer, !others);
      if (done !== undefined) return done;
    }
  }
  // Else a domain would be known for ever by its first addresses, however many it has.
  const second = longestUntried(beyond, most - tried);
  for (const [at, peer] of second.entries()) {
    const done = await tryPeer(peer, at === second.length - 1 && later.length === 0 && slow.length === 0);
    if (done !== undefined) return done;
  }
  const rest = peersInOrder(
    later.map((peer) => [peer]),
    clock.now(),
    able,
  ).slice(0, Math.max(0, most - tried));
  for (const [at, peer] of rest.entries()) {
    const done = await tryPeer(peer, at === rest.length - 1 && slow.length === 0);
    if (done !== undefined) return done;
  }
  for (const peer of slow.splice(0)) {
    const done = await tryPeer(peer, true);
    if (done !== undefined) return done;
  }
  return failure;
}

/** Whoever counts TLS is told for whose mail it was made. */
function forMailOf(job: Job | undefined, context: OpeningContext): OpeningContext {
  const { onTls, connector, tlsOf } = context;
  if (onTls === undefined || job === undefined || connector.kind !== "dns") return context;
  const { envelope, origin } = job.claim.message;
  const recipient = envelope.recipients[job.claim.recipients[0]?.index ?? 0];
  // Else each report would bring that of the next day, for ever.
  const domain = isTlsReport(origin) ? "" : recipientDomain(recipient?.forwardPath ?? "");
  return {
    ...context,
    onTls: (attempt) => onTls({ ...attempt, domain }),
    ...(tlsOf === undefined ? {} : { tlsOf: (host) => tlsOf(host, job) }),
  };
}

function tooSlow(): SmtpClientError {
  return new SmtpClientError("timeout", `not ready for mail within ${timeouts.slowOpeningMs / 1000} s`);
}

/** By what it offered when it was last spoken to. */
function isAble({ capabilities }: Peer, job: Job, { connector }: OpeningContext): boolean {
  if (capabilities === undefined) return true;
  const { envelope, content } = job.claim.message;
  const chunking = capabilities.chunking && connector.chunkingEnabled;
  const framing = { chunking, asciiPaths: job.asciiPaths };
  return (
    envelopeRefusal(envelope, content, capabilities, framing) === undefined &&
    !needsSevenBit(envelope, content, capabilities, framing)
  );
}
