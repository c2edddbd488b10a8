/** Ends of claims that change something, with the reports they cause. */
import type { MessageId } from "../../core/message/envelope.ts";
import { arrival, arrive } from "./arrivals.ts";
import { change } from "./changes.ts";
import type { LiveClaim } from "../messages/live-message.ts";
import { changedRecipients, contentFacts, finishesAll } from "../messages/recipients.ts";
import { closedError, endClaim, makeClaimable, type SpoolState } from "./spool-state.ts";
import type { Claim, ContentFacts, RecipientChange, Report, SettleOutcome, SpoolError } from "../spool.ts";

const bodyRepeatMs = 1000;

interface ReportBody {
  readonly id: MessageId;
  readonly crc: number;
}

/** `Spool.settle`. Changes memory before it returns, unless a report is too large for a record. */
export function settle(
  spool: SpoolState,
  claim: Claim,
  changes: readonly RecipientChange[],
  reports: readonly Report[],
): Promise<SettleOutcome> {
  const own = claim as LiveClaim;
  if (spool.closed) return Promise.reject(closedError());
  if (own.live.gone || own.ended) return Promise.resolve("lost");
  return settleClaim(spool, own, changes, reports);
}

async function settleClaim(
  spool: SpoolState,
  claim: LiveClaim,
  changes: readonly RecipientChange[],
  reports: readonly Report[],
): Promise<SettleOutcome> {
  const { live } = claim;
  let bodies: readonly (ReportBody | undefined)[] = [];
  if (reports.some((report) => isLarge(spool, report))) {
    // A caller's mistake shows here, before the claim is bound to end.
    changedRecipients(live.recipients, claim, changes);
    claim.ended = true;
    bodies = await Promise.all(reports.map((report) => writeReportBody(spool, report)));
    if (live.gone) return "lost";
  }
  const all = claim.recipients.length === live.recipients.length && finishesAll(live.recipients, changes);
  const recipients = all ? [] : changedRecipients(live.recipients, claim, changes);
  endClaim(spool, claim);
  const arrivals = reports.map((report, i) => reportArrival(spool, report, bodies[i]));
  const durable = change(
    spool,
    live,
    recipients,
    arrivals.flatMap(({ writes }) => writes),
  );
  for (const entry of live.entries) if (entry.queue === claim.queue) makeClaimable(spool, live, entry);
  await durable;
  for (const report of arrivals) arrive(spool, report);
  return "settled";
}

function isLarge({ inlineLimitBytes }: SpoolState, { content }: Report): boolean {
  return content.length > inlineLimitBytes;
}

/** Writes a large report's body before the change it belongs to, however often that must be tried. */
async function writeReportBody(spool: SpoolState, report: Report): Promise<ReportBody | undefined> {
  if (!isLarge(spool, report)) return undefined;
  for (;;) {
    const id = spool.memory.comingIn.begin(spool.clock.now());
    const body = spool.bodies.begin(id);
    body.write(report.content);
    try {
      return { id, crc: await body.finish() };
    } catch (error) {
      spool.memory.comingIn.end(id);
      spool.onFault(error as SpoolError);
    }
    if (spool.closed) throw closedError();
    await new Promise<void>((resolve) => spool.clock.after(bodyRepeatMs, resolve));
  }
}

function reportArrival(
  spool: SpoolState,
  { envelope, origin, content }: Report,
  body: ReportBody | undefined,
) {
  const facts: ContentFacts = { sizeBytes: content.length, ...contentFacts(content) };
  const id = body?.id ?? spool.memory.comingIn.begin(spool.clock.now());
  return arrival(
    spool,
    { id, arrivedAt: spool.clock.now(), envelope, origin, content: facts },
    [content],
    body?.crc,
  );
}
