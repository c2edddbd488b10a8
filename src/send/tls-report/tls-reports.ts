/** TLS reports as people ask for them: what was counted of a day and domain, in the form of RFC 8460. */
import { tlsReport, type ReportSubject, type TlsReport } from "../../core/tls-report/report.ts";
import type { DomainDay, TlsResults } from "./tls-results.ts";

export interface ListedReport {
  readonly day: DomainDay;
  /** It was sent, or is being sent. */
  readonly sent: boolean;
  readonly report: TlsReport;
}

export interface ListedReports {
  readonly reports: readonly ListedReport[];
  readonly hasMore: boolean;
}

/** Who reports. */
export interface Reporter {
  readonly hostname: string;
  /** A mail address. */
  readonly contact: string;
}

export interface WantedReports {
  /** A-labels. */
  readonly domain?: string | undefined;
  /** `2026-01-15`, UTC. */
  readonly date?: string | undefined;
}

/** The latest day first, then by domain. Rejects when the disk cannot be read. */
export async function listReports(
  results: TlsResults,
  reporter: Reporter,
  wanted: WantedReports,
  limit: number,
): Promise<ListedReports> {
  const days = await results.all(wanted);
  const sent = new Map<string, ReadonlySet<string>>();
  const reports: ListedReport[] = [];
  for (const day of days.slice(0, limit)) {
    let domains = sent.get(day.date);
    if (domains === undefined) sent.set(day.date, (domains = await results.reported(day.date)));
    const report = await reportOf(results, reporter, day);
    reports.push({ day, sent: domains.has(day.domain), report });
  }
  return { reports, hasMore: days.length > limit };
}

export async function reportOf(
  results: TlsResults,
  { hostname, contact }: Reporter,
  { date, domain }: DomainDay,
): Promise<TlsReport> {
  const subject: ReportSubject = { hostname, contact, date, domain };
  return tlsReport(subject, await results.of({ date, domain }));
}
