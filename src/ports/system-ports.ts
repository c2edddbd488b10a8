/** The real world: system clock, random numbers, the system's resolver with a small cache, TCP. */
import { lookup } from "node:dns";
import { connect, isIP, type Socket } from "node:net";
import { LRUCache } from "lru-cache";
import type { Clock, Dial, Dns, Ports, Timer } from "./ports.ts";

/** The longest delay setTimeout keeps; longer ones are waited for in pieces. */
const longestTimerMs = 2 ** 31 - 1;

/** Monotonic from the wall clock's reading at the time of the call. */
export function createSystemClock(): Clock {
  const startedAt = Date.now() - performance.now();
  const now = (): number => startedAt + performance.now();
  return {
    now,
    wall: () => new Date(),
    after(delayMs: number, run: () => void): Timer {
      const dueAt = now() + delayMs;
      let handle: NodeJS.Timeout;
      const arm = (waitMs: number): void => {
        handle = setTimeout(() => {
          const leftMs = dueAt - now();
          if (waitMs === longestTimerMs && leftMs > 0) arm(Math.min(leftMs, longestTimerMs));
          else run();
        }, waitMs);
        handle.unref();
      };
      arm(Math.min(Math.max(0, delayMs), longestTimerMs));
      return { cancel: () => clearTimeout(handle) };
    },
  };
}

export interface SystemDnsSettings {
  /** How long answers are kept; the system's resolver does not tell their TTL. */
  readonly keepMs: number;
  /** How long a failure is kept. */
  readonly keepFailureMs: number;
  readonly entries: number;
}

const defaultDnsSettings: SystemDnsSettings = { keepMs: 60_000, keepFailureMs: 2_000, entries: 1_000 };
const localhost: readonly string[] = ["127.0.0.1", "::1"];

/**
 * `getaddrinfo` behind a cache: several callers of one name share one question. It runs on libuv's thread pool,
 * which commits the spool too, so IP literals and `localhost` (RFC 6761 §6.3) never go there.
 */
export function createSystemDns(settings: SystemDnsSettings = defaultDnsSettings): Dns {
  const cache = new LRUCache<string, Promise<readonly string[]>>({ max: settings.entries });
  return {
    addresses(host) {
      const name = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host.toLowerCase();
      if (isIP(name) !== 0) return Promise.resolve([name]);
      if (name === "localhost" || name.endsWith(".localhost")) return Promise.resolve(localhost);
      // A NUL would end the name early for getaddrinfo, but not for the certificate check.
      // oxlint-disable-next-line no-control-regex
      if (name === "" || /[\x00-\x20\x7f]/.test(name)) {
        return Promise.reject(new Error(`not a host name: ${JSON.stringify(host)}`));
      }
      const known = cache.get(name);
      if (known !== undefined) return known;
      const answer = lookUp(name);
      cache.set(name, answer, { ttl: settings.keepMs });
      answer.catch(() => cache.set(name, answer, { ttl: settings.keepFailureMs }));
      return answer;
    },
  };
}

function lookUp(name: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true, verbatim: true }, (error, found) => {
      if (error) reject(error);
      else if (found.length === 0) reject(new Error(`no address for ${name}`));
      else resolve([...new Set(found.map(({ address }) => address))]);
    });
  });
}

/** Connects over TCP without Nagle's algorithm. The socket is paused until somebody listens for data. */
export const systemDial: Dial = ({ address, port, localAddress, signal }) =>
  new Promise<Socket>((resolve, reject) => {
    if (signal.aborted) {
      reject(abortError(signal));
      return;
    }
    const local = localAddress === undefined ? undefined : { localAddress };
    const socket = connect({ host: address, port, noDelay: true, keepAlive: true, ...local });
    const done = (): void => {
      signal.removeEventListener("abort", onAbort);
      socket.off("connect", onConnect);
      socket.off("error", onError);
    };
    const onConnect = (): void => {
      done();
      resolve(socket);
    };
    const onError = (error: Error): void => {
      done();
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => {
      done();
      socket.on("error", () => {});
      socket.destroy();
      reject(abortError(signal));
    };
    socket.on("connect", onConnect);
    socket.on("error", onError);
    signal.addEventListener("abort", onAbort);
  });

function abortError(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("the connection attempt was given up");
}

/** The defaults of `createRelay(config)`. */
export function createSystemPorts(): Ports {
  return { clock: createSystemClock(), random: Math.random, dns: createSystemDns(), dial: systemDial };
}
