/**
 * Results of TLS by day and recipient domain, for TLS reports. Counted in memory, added to what is on disk a minute later, so
 * that memory holds what a minute brings; after kill -9 or a loss of power that minute is missing.
 */
import {
  merged,
  withResult,
  type DayResults,
  type SessionResult,
} from "../../core/tls-report/day-results.ts";
import { createLateWrites } from "../../ports/late-writes.ts";
import type { Clock } from "../../ports/ports.ts";
import type { KeptOnDemand } from "../../spool/store/kept-on-demand.ts";
import type { KeptValues } from "../../spool/store/kept-values.ts";

/** One day, UTC, and domain. */
export interface DomainDay {
  /** `2026-01-15` */
  readonly date: string;
  /** A-labels. */
  readonly domain: string;
}

export interface TlsResults {
  /** Cost: two look-ups and some small objects, for a connection that is opened. */
  count(domain: string, result: SessionResult): void;
  /** Days and domains with results, the latest first. Rejects when the disk cannot be read. Cost: a walk over what is kept. */
  all(wanted?: {
    readonly date?: string | undefined;
    readonly domain?: string | undefined;
  }): Promise<readonly DomainDay[]>;
  /** Empty: none. Rejects when the disk cannot be read. */
  of(day: DomainDay): Promise<DayResults>;
  /**
   * Takes down that a report is being sent, before it is. Resolves with false where it was taken down already, also before a
   * restart. Rejects when the disk does not take it; then it is not to be sent.
   */
  beginReport(day: DomainDay): Promise<boolean>;
  /** Those it was said of. Rejects as `all`. */
  reported(date: string): Promise<ReadonlySet<string>>;
  /** Writes what is not written. Never rejects. */
  close(): Promise<void>;
}

/** Days before today. */
export const daysKept = 14;
const day = 86_400_000;
const writeAfterMs = 60_000;
/** Of more domains in a day those that come later are not counted. */
const mostDomains = 20_000;
const portion = 500;

export const dateOf = (at: Date): string => at.toISOString().slice(0, 10);

/**
 * `failed` hears of a disk that does not take results; they are added with the next write. `agedBy`: the time by which they are too
 * old; default: the clock on the wall.
 */
export function createTlsResults(
  kept: KeptOnDemand,
  clock: Clock,
  failed: (fault: unknown) => void,
  most = mostDomains,
  agedBy = (): number => clock.wall().getTime(),
): TlsResults {
  /** By `date domain`. */
  let fresh = new Map<string, DayResults>();
  let isClosed = false;
  let forgottenOn = "";

  /** One that cannot be read holds up no other, and goes with what is written next. */
  const storedOf = (values: KeptValues, name: string): DayResults => {
    const value = values.get(`result ${name}`);
    if (value === undefined) return [];
    try {
      return JSON.parse(value.toString()) as DayResults;
    } catch (cause) {
      failed(new Error(`what was counted of ${name} is damaged and is left out`, { cause }));
      return [];
    }
  };

  const write = async (): Promise<void> => {
    const values = await kept.open();
    const taken = fresh;
    fresh = new Map();
    const entries = [...taken];
    for (let at = 0; at < entries.length; at += portion) {
      const some = entries.slice(at, at + portion);
      try {
        await values.write(
          some.map(([name, results]) => ({
            key: `result ${name}`,
            value: Buffer.from(JSON.stringify(merged(storedOf(values, name), results))),
          })),
        );
      } catch (fault) {
        for (const [name, results] of entries.slice(at))
          fresh.set(name, merged(results, fresh.get(name) ?? []));
        throw fault;
      }
    }
    const today = dateOf(clock.wall());
    if (forgottenOn !== today) await forgetOld(values);
    forgottenOn = today;
  };

  const forgetOld = async (values: KeptValues): Promise<void> => {
    const [now, believed] = [clock.wall().getTime(), agedBy()];
    const oldest = dateOf(new Date(Math.min(now, believed) - daysKept * day));
    // Of days to come: the clock was ahead.
    const newest = dateOf(new Date(Math.max(now, believed) + day));
    const old = ["result ", "reported "].flatMap((prefix) =>
      values.keys(prefix).filter((key) => {
        const date = key.slice(prefix.length, prefix.length + 10);
        return date < oldest || date > newest;
      }),
    );
    for (let at = 0; at < old.length; at += portion)
      await values.write(old.slice(at, at + portion).map((key) => ({ key, value: undefined })));
  };
  /** What is being written is neither in memory nor on disk: whoever reads waits for it. */
  let writing: Promise<void> = Promise.resolve();
  const opened = async (): Promise<KeptValues> => {
    await writing.catch(() => undefined);
    return kept.open();
  };
  const writes = createLateWrites(
    clock,
    writeAfterMs,
    () => (writing = write()),
    (fault) => {
      failed(fault);
      if (!isClosed) writes.changed();
    },
  );

  return {
    count(domain, result) {
      const name = `${dateOf(clock.wall())} ${domain}`;
      const known = fresh.get(name);
      if (known === undefined && fresh.size >= most) return;
      fresh.set(name, withResult(known ?? [], result));
      writes.changed();
    },
    async all({ date, domain } = {}) {
      const values = await opened();
      const names = new Set([...keysOf(values, `result ${date ?? ""}`), ...fresh.keys()]);
      return [...names]
        .map(domainDay)
        .filter(
          (one) =>
            (date === undefined || one.date === date) && (domain === undefined || one.domain === domain),
        )
        .sort((a, b) => (a.date === b.date ? compare(a.domain, b.domain) : compare(b.date, a.date)));
    },
    async of({ date, domain }) {
      const values = await opened();
      const name = `${date} ${domain}`;
      return merged(storedOf(values, name), fresh.get(name) ?? []);
    },
    async beginReport({ date, domain }) {
      const values = await opened();
      const key = `reported ${date} ${domain}`;
      if (values.get(key) !== undefined) return false;
      await values.write([{ key, value: Buffer.from(clock.wall().toISOString()) }]);
      return true;
    },
    async reported(date) {
      const values = await opened();
      return new Set(values.keys(`reported ${date} `).map((key) => key.slice(`reported ${date} `.length)));
    },
    close() {
      isClosed = true;
      return writes.close();
    },
  };
}

function keysOf(values: KeptValues, prefix: string): readonly string[] {
  return values.keys(prefix).map((key) => key.slice("result ".length));
}

const domainDay = (name: string): DomainDay => ({ date: name.slice(0, 10), domain: name.slice(11) });
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
