/** Deliveries that failed for good in the last ten minutes: whose mail, and where it was to go. Bounded. */
import { createRecentCounts } from "./recent-counts.ts";

export interface FailedDelivery {
  /** The send connector. */
  readonly connector: string;
  /** Who was spoken to; undefined: nobody, such as when a message expired. */
  readonly host: string | undefined;
  /** The address the message came from. */
  readonly source: string;
  /** What was said, or what happened. */
  readonly error: string;
}

export interface RecentFailure extends FailedDelivery {
  /** Recipients, in the last ten minutes, to the minute. */
  readonly count: number;
  /** `Clock.now()` of the first and the last of them. */
  readonly since: number;
  readonly lastAt: number;
}

export interface RecentFailures {
  add(failed: FailedDelivery, nowMs: number): void;
  /** Those that failed most first; `error` is the last one. Cost: per source and host that failed lately. */
  recent(nowMs: number): readonly RecentFailure[];
}

/** Mail that fails comes from applications gone wrong: few. Beyond these, new ones are left out. */
const mostKeys = 1_000;

export function createRecentFailures(): RecentFailures {
  const counts = createRecentCounts<FailedDelivery>(mostKeys);
  return {
    add: (failed, nowMs) =>
      counts.add(`${failed.connector}\n${failed.host}\n${failed.source}`, failed, nowMs),
    recent: (nowMs) => counts.recent(nowMs).map(({ what, ...counted }) => ({ ...what, ...counted })),
  };
}
