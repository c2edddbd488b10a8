/**
 * TLS reports that a target did not take, until their next attempt (RFC 8460 §5.5). What waits is on disk and survives a restart;
 * what is being sent is not, since it may have been taken: none is sent twice.
 */
import { createHash } from "node:crypto";
import type { ReportTarget } from "../../core/tls-report/report-record.ts";
import type { Clock } from "../../ports/ports.ts";
import type { KeptOnDemand } from "../../spool/store/kept-on-demand.ts";
import type { DomainDay } from "./tls-results.ts";

export interface WaitingReport {
  readonly of: DomainDay;
  readonly target: ReportTarget;
  /** As `Clock.now()`: before this run began it may be negative. */
  readonly begunAt: number;
  readonly dueAt: number;
}

export interface WaitingReports {
  readonly size: number;
  /** Those that are due, also those of the run before. Rejects when the disk cannot be read. */
  due(): Promise<readonly WaitingReport[]>;
  /** It waits no more, on disk either. Rejects when that cannot be written; it waits on then. */
  take(report: WaitingReport): Promise<void>;
  /** Rejects when it cannot be written; it waits in memory then. */
  put(report: WaitingReport): Promise<void>;
}

interface Kept {
  readonly date: string;
  readonly domain: string;
  readonly target: ReportTarget;
  readonly begunAt: string;
}

const prefix = "report-waiting ";

export function createWaitingReports(kept: KeptOnDemand, clock: Clock): WaitingReports {
  let waiting: WaitingReport[] = [];
  let isRead = false;

  const read = async (): Promise<void> => {
    const values = await kept.open();
    const found = values.keys(prefix).map((key) => ({ key, report: keptReport(values.get(key), clock) }));
    const dueAt = clock.now();
    for (const { report } of found) if (report !== undefined) waiting.push({ ...report, dueAt });
    isRead = true;
    const damaged = found.filter(({ report }) => report === undefined);
    if (damaged.length > 0) await values.write(damaged.map(({ key }) => ({ key, value: undefined })));
  };

  return {
    get size() {
      return waiting.length;
    },
    async due() {
      if (!isRead) await read();
      return waiting.filter(({ dueAt }) => dueAt <= clock.now());
    },
    async take(report) {
      const values = await kept.open();
      await values.write([{ key: keyOf(report), value: undefined }]);
      waiting = waiting.filter((one) => one !== report);
    },
    async put(report) {
      waiting.push(report);
      const { of, target, begunAt } = report;
      const begun = new Date(clock.wall().getTime() - (clock.now() - begunAt));
      const value: Kept = { ...of, target, begunAt: begun.toISOString() };
      const values = await kept.open();
      await values.write([{ key: keyOf(report), value: Buffer.from(JSON.stringify(value)) }]);
    },
  };
}

/** Undefined: damaged. A clock that went back makes none older or younger than now. */
function keptReport(value: Buffer | undefined, clock: Clock): Omit<WaitingReport, "dueAt"> | undefined {
  try {
    const { date, domain, target, begunAt } = JSON.parse(String(value)) as Kept;
    const pastMs = clock.wall().getTime() - Date.parse(begunAt);
    if (Number.isNaN(pastMs)) return undefined;
    return { of: { date, domain }, target, begunAt: clock.now() - Math.max(0, pastMs) };
  } catch {
    return undefined;
  }
}

function keyOf({ of, target }: Pick<WaitingReport, "of" | "target">): string {
  const digest = createHash("sha256").update(JSON.stringify(target)).digest("hex");
  return `${prefix}${of.date} ${of.domain} ${digest.slice(0, 32)}`;
}
