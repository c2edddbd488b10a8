/** Ends of claims that change something, with the reports they cause: `Spool.settle`. */
import type { MessageId } from "../../core/message/envelope.ts";
import type { Clock } from "../../ports/ports.ts";
import type { BodyFiles } from "../bodies/body-file.ts";
import type { ComingIn } from "../messages/coming-in.ts";
import type { LiveClaim } from "../messages/live-message.ts";
import { changedRecipients, contentFacts, finishesAll } from "../messages/recipients.ts";
import { closedError, type GroupCommit } from "../store/group-commit.ts";
import type { Arrival, Arrivals } from "./arrivals.ts";
import type { Change } from "./changes.ts";
import type { Claims } from "./claims.ts";
import type { ContentFacts, RecipientChange, Report, SettleOutcome, SpoolError } from "../spool.ts";

const bodyRepeatMs = 1000;

interface ReportBody {
  readonly id: MessageId;
  readonly crc: number;
}

/** Changes memory before it returns, unless a report is too large for a record. */
export type Settle = (
  claim: LiveClaim,
  changes: readonly RecipientChange[],
  reports: readonly Report[],
) => Promise<SettleOutcome>;

export function createSettle(parts: {
  readonly clock: Clock;
  readonly inlineLimitBytes: number;
  readonly bodies: BodyFiles;
  readonly group: GroupCommit;
  readonly comingIn: ComingIn;
  readonly claims: Claims;
  readonly change: Change;
  readonly arrivals: Arrivals;
  readonly onFault: (fault: SpoolError) => void;
}): Settle {
  const { clock, inlineLimitBytes, bodies, group, comingIn, claims, change, arrivals, onFault } = parts;

  const isLarge = ({ content }: Report): boolean => content.length > inlineLimitBytes;

  /** Writes a large report's body before the change it belongs to, however often that must be tried. */
  const writeBody = async (report: Report): Promise<ReportBody | undefined> => {
    if (!isLarge(report)) return undefined;
    for (;;) {
      const id = comingIn.begin(clock.now());
      const body = bodies.begin(id);
      body.write(report.content);
      try {
        return { id, crc: await body.finish() };
      } catch (error) {
        comingIn.end(id);
        onFault(error as SpoolError);
      }
      if (group.closed) throw closedError();
      await new Promise<void>((resolve) => clock.after(bodyRepeatMs, resolve));
    }
  };

  const prepareReport = ({ envelope, origin, content }: Report, body: ReportBody | undefined): Arrival => {
    const facts: ContentFacts = { sizeBytes: content.length, ...contentFacts(content) };
    const id = body?.id ?? comingIn.begin(clock.now());
    const message = { id, arrivedAt: clock.now(), envelope, origin, content: facts };
    return arrivals.prepare(message, [content], body?.crc);
  };

  const settle: Settle = async (claim, changes, reports) => {
    const { live } = claim;
    let written: readonly (ReportBody | undefined)[] = [];
    if (reports.some(isLarge)) {
      // A caller's mistake shows here, before the claim is bound to end.
      changedRecipients(live.recipients, claim, changes);
      claim.ended = true;
      written = await Promise.all(reports.map(writeBody));
      if (live.gone) {
        for (const body of written) if (body !== undefined) dropBody(body.id);
        return "lost";
      }
    }
    const all = claim.recipients.length === live.recipients.length && finishesAll(live.recipients, changes);
    const recipients = all ? [] : changedRecipients(live.recipients, claim, changes);
    claims.end(claim);
    const made = reports.map((report, i) => prepareReport(report, written[i]));
    const durable = change(
      live,
      recipients,
      made.flatMap(({ writes }) => writes),
    );
    for (const entry of live.entries) if (entry.queue === claim.queue) claims.makeClaimable(live, entry);
    await durable;
    for (const arrival of made) arrivals.arrive(arrival);
    return "settled";
  };

  /** Of a report that is not needed. */
  const dropBody = (id: MessageId): void => {
    comingIn.end(id);
    bodies.remove(id).catch(() => undefined);
  };

  return (claim, changes, reports) => {
    if (group.closed) return Promise.reject(closedError());
    return claim.live.gone || claim.ended ? Promise.resolve("lost") : settle(claim, changes, reports);
  };
}
