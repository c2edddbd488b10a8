import type { SmallInternet } from "../small-internet.ts";

/** A mail server under load: started on a free port, relaying everything to one next hop. */
export interface Peer {
  readonly name: string;
  readonly version: string;
  readonly port: number;
  /** Where it takes mail by HTTP. */
  readonly httpPort?: number;
  /** The root of its process tree. */
  readonly pid: number;
  /** From the start of its process to its greeting. */
  readonly startMs?: number;
  /** The highest p99 of any second since then (`Date.now()`), of a peer that runs on an event loop and tells it. */
  eventLoopLagP99Ms?(since: number): Promise<number>;
  stop(): Promise<void>;
}

export interface PeerOptions {
  /** Its own and empty, or with the spool of its last run. */
  readonly directory: string;
  readonly sinkPort: number;
  /** An address. Left out: 127.0.0.1. Weir alone heeds it. */
  readonly sinkHost?: string;
  /** To the sink, at most. Left out: what serves the peer best. Haraka does not heed it. */
  readonly nextHopConnections?: number;
  /** Mail is delivered by MX record, by the word of this DNS and at this port; the sink is not spoken to. */
  readonly internet?: Pick<SmallInternet, "nameServer" | "mxPort">;
  /** Comes before the program: a tracer with its options. */
  readonly under?: readonly string[];
}

export interface PeerKind {
  readonly name: string;
  /** What is missing to run it here, or undefined. */
  missing(): string | undefined;
  start(options: PeerOptions): Promise<Peer>;
}
