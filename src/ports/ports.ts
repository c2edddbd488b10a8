/**
 * Everything the relay takes from the outside world, as arguments: time, randomness, names and dialling.
 * Embedding and testing replace them through the same door (`createRelay(config, ports)`).
 */
import type { Socket } from "node:net";
import type { Resolver } from "./lookup.ts";

/** A running timer. `cancel()` is idempotent. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /**
   * Milliseconds since the Unix epoch, monotonic within a process: it starts at the wall clock and then
   * follows the monotonic clock, so that a jump of the wall clock neither expires mail nor delays a retry.
   */
  now(): number;
  /** The wall clock, for what people read: Received headers, logs, DSN dates. */
  wall(): Date;
  /** Calls `run` once after `delayMs`. Never keeps the process alive by itself. */
  after(delayMs: number, run: () => void): Timer;
}

/** A number in [0, 1), for jitter only. */
export type Random = () => number;

/** Names of hosts that an administrator gives: smart hosts, directories, token endpoints. */
export interface Dns {
  /** Addresses of a host name, in the order to try. Rejects when there are none. */
  addresses(host: string): Promise<readonly string[]>;
  /** What is kept of it is asked for anew. */
  forget?(host: string): void;
}

/** Opens a TCP connection; resolves when it is connected, rejects on failure or when `signal` aborts. */
export type Dial = (target: {
  address: string;
  port: number;
  /** Undefined: the system's choice. */
  localAddress?: string;
  signal: AbortSignal;
}) => Promise<Socket>;

/** What is used of the machine at one moment. */
export interface ResourceSample {
  /** Of the file system of the data directory. */
  readonly diskUsedBytes: number;
  readonly diskSizeBytes: number;
  /** Of this process alone. */
  readonly memoryUsedBytes: number;
  /** The machine's memory, or what the container may use of it. */
  readonly memoryLimitBytes: number;
  /** How late the event loop ran what was due, 99th percentile; milliseconds. */
  readonly eventLoopLagMs: number;
}

export interface ResourceMeter {
  /** Rejects when something cannot be read. */
  sample(): Promise<ResourceSample>;
  close(): void;
}

export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly dns: Dns;
  /** Records of the DNS, for delivery by MX. Undefined: nobody knows any. */
  readonly resolver?: Resolver;
  readonly dial: Dial;
  /** Meters the process and the file system of a directory. Undefined: the system's own (src/resources). */
  readonly resourceMeter?: (directory: string) => ResourceMeter;
}
