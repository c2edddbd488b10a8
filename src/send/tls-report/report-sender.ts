/**
 * Sends TLS reports on the day before to domains that ask for them (RFC 8460 §3, §5), once each: that one is being sent is on
 * disk before it is. Spread over the hours behind midnight, UTC, by a time of its own for each domain and day, so that a restart
 * changes nothing.
 */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Envelope } from "../../core/message/envelope.ts";
import { readReportTargets, type ReportTarget } from "../../core/tls-report/report-record.ts";
import { hasSessions } from "../../core/tls-report/day-results.ts";
import { reportMessage, tlsReportConnector } from "../../core/tls-report/report-message.ts";
import { reportId, type ReportSubject } from "../../core/tls-report/report.ts";
import type { Events } from "../../events/events.ts";
import { HttpFailure, type HttpRequest } from "../../ports/http-request.ts";
import { isUnknown, type Resolver } from "../../ports/lookup.ts";
import type { Clock, Timer } from "../../ports/ports.ts";
import type { SpoolIntake } from "../../spool/spool.ts";
import { reportOf, type Reporter } from "./tls-reports.ts";
import { dateOf, type DomainDay, type TlsResults } from "./tls-results.ts";
import type { WaitingReport, WaitingReports } from "./waiting-reports.ts";

export interface ReportSender {
  start(): void;
  /** What is due now. Never rejects; one at a time. */
  sendDue(): Promise<void>;
  stop(): void;
}

export interface ReportSenderContext {
  readonly results: TlsResults;
  readonly waiting: WaitingReports;
  /** Asked for each time. */
  readonly settings: () => Reporter & {
    readonly tlsReportingEnabled: boolean;
    /** Mailbox in From; ASCII. */
    readonly from: string;
  };
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly spool: Pick<SpoolIntake, "begin" | "accept">;
  /** To hosts that strangers name: to public addresses only. */
  readonly post: HttpRequest;
  readonly events: Events;
}

const minute = 60_000;
const day = 86_400_000;
const lookEveryMs = 5 * minute;
/** Within so long behind midnight all reports are due; not at once, when everybody sends. */
const firstDueMs = 15 * minute;
const lastDueMs = 4 * 60 * minute;
const postTimeMs = 60_000;
/** RFC 8460 §5.5: for a day. The first hour with each look, then each hour. */
const triesForMs = day;
const oftenForMs = 60 * minute;
const laterEveryMs = 60 * minute;
/** Reports that wait for their next attempt. */
const mostWaiting = 1_000;

const never = { never: true, success: false, failure: false, delay: false } as const;
const compress = promisify(gzip);

/** As it is sent. */
interface MadeReport {
  readonly subject: ReportSubject;
  readonly from: string;
  readonly compressed: Buffer;
}

export function createReportSender(context: ReportSenderContext): ReportSender {
  const { results, waiting, settings, resolver, clock, spool, post, events } = context;
  /** Domains that want none, of the day that is reported on. */
  let unasked = { date: "", domains: new Set<string>() };
  /** Of what was due. */
  let faults: string[] = [];
  let running: Promise<void> | undefined;
  let timer: Timer | undefined;
  let isStopped = false;

  const targetsOf = async (domain: string): Promise<readonly ReportTarget[] | undefined> => {
    const lookup = await resolver.lookUp(`_smtp._tls.${domain}`, "TXT");
    if (isUnknown(lookup)) return undefined;
    return lookup.kind === "found" ? readReportTargets(lookup.records) : [];
  };

  const make = async (of: DomainDay): Promise<MadeReport> => {
    const { from, ...reporter } = settings();
    const compressed = await compress(JSON.stringify(await reportOf(results, reporter, of)));
    return { subject: { hostname: reporter.hostname, contact: reporter.contact, ...of }, from, compressed };
  };

  const send = async (made: MadeReport, target: ReportTarget, begunAt: number): Promise<void> => {
    const { date, domain } = made.subject;
    const to = target.kind === "mailto" ? target.address : target.url;
    try {
      if (target.kind === "mailto") await byMail(made, target.address);
      else await byHttps(made, target.url);
      events.emit("TlsReportSent", { domain, date, to });
    } catch (fault) {
      const error = fault instanceof Error ? fault.message : String(fault);
      const pastMs = clock.now() - begunAt;
      // It may have been taken: none is sent twice.
      const isOver = pastMs >= triesForMs || (fault instanceof HttpFailure && fault.sent);
      if (isOver || waiting.size >= mostWaiting) {
        events.emit("TlsReportFailed", { domain, date, to, error });
        return;
      }
      const dueAt = clock.now() + (pastMs < oftenForMs ? 0 : laterEveryMs);
      await waiting.put({ of: { date, domain }, target, begunAt, dueAt });
    }
  };

  /** What goes wrong with one holds up no other. */
  const apart = async ({ domain }: DomainDay, action: () => Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (fault) {
      faults.push(`${domain}: ${String(fault)}`);
    }
  };

  const sendAgain = async (report: WaitingReport): Promise<void> => {
    const { of, target, begunAt } = report;
    const made = await make(of);
    await waiting.take(report);
    await send(made, target, begunAt);
  };

  const byMail = async ({ subject, from, compressed }: MadeReport, to: string): Promise<void> => {
    const content = reportMessage({ subject, from, to, date: clock.wall(), compressed });
    const envelope: Envelope = {
      reversePath: "",
      recipients: [{ forwardPath: to, notify: never }],
      body: "7BIT",
      smtpUtf8: false,
      tls: "optional",
    };
    const origin = {
      connector: tlsReportConnector,
      sourceAddress: "",
      helloName: subject.hostname,
      sessionId: "",
      application: "",
    };
    const draft = spool.begin();
    draft.write(content);
    await spool.accept(draft, envelope, origin, {
      dotLines: 0,
      eightBit: false,
      endsWithCrlf: true,
      messageId: `<${reportId(subject)}>`,
      subject: `Report Domain: ${subject.domain} Submitter: ${subject.hostname}`,
    });
  };

  const byHttps = async ({ compressed }: MadeReport, url: string): Promise<void> => {
    const { status } = await post({
      method: "POST",
      url,
      headers: { "content-type": "application/tlsrpt+gzip", "user-agent": "Weir" },
      body: compressed,
      timeoutMs: postTimeMs,
      mostBytes: 64 * 1024,
    });
    if (status < 200 || status > 299) throw new Error(`it answered ${status}`);
  };

  const report = async (of: DomainDay): Promise<void> => {
    const targets = await targetsOf(of.domain);
    if (targets === undefined) return;
    if (targets.length === 0) return void unasked.domains.add(of.domain);
    // A policy that could not be had is no mail, and a report looks for it, too.
    if (!hasSessions(await results.of(of))) return void unasked.domains.add(of.domain);
    if (!(await results.beginReport(of))) return;
    const made = await make(of);
    const begunAt = clock.now();
    for (const target of targets) await apart(of, () => send(made, target, begunAt));
  };

  const run = async (): Promise<void> => {
    if (!settings().tlsReportingEnabled) return;
    for (const waits of await waiting.due()) {
      if (isStopped) return;
      await apart(waits.of, () => sendAgain(waits));
    }
    const now = clock.wall().getTime();
    const midnight = Math.floor(now / day) * day;
    const date = dateOf(new Date(midnight - day));
    if (now < midnight + firstDueMs) return;
    if (unasked.date !== date) unasked = { date, domains: new Set() };
    const done = await results.reported(date);
    for (const of of await results.all({ date })) {
      if (isStopped || !settings().tlsReportingEnabled) return;
      const isDue = now >= midnight + dueMs(of, settings().hostname);
      if (isDue && !done.has(of.domain) && !unasked.domains.has(of.domain)) await apart(of, () => report(of));
    }
  };

  const sendDue = (): Promise<void> =>
    (running ??= run()
      .catch((fault: unknown) => void faults.push(String(fault)))
      .finally(() => {
        running = undefined;
        const [first, ...others] = faults;
        faults = [];
        if (first === undefined) return;
        const error = others.length === 0 ? first : `${first}; and ${others.length} more`;
        events.emit("RelayFault", { where: "sending TLS reports", error });
      }));

  return {
    sendDue,
    start() {
      timer = clock.after(lookEveryMs, () => {
        this.start();
        void sendDue();
      });
    },
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}

/** Behind midnight; the same for one relay, domain and day. Milliseconds. */
function dueMs({ date, domain }: DomainDay, hostname: string): number {
  const digest = createHash("sha256").update(`${hostname} ${domain} ${date}`).digest();
  return firstDueMs + Math.floor((digest.readUInt32BE(0) / 2 ** 32) * (lastDueMs - firstDueMs));
}
