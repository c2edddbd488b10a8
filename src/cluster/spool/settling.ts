/** Ends of claims that change something, with the reports they cause: `Spool.settle`. */
import type { MessageId } from "../../core/message/envelope.ts";
import type { Clock } from "../../ports/ports.ts";
import { changedRecipients, contentFacts, finishesAll } from "../../spool/messages/recipients.ts";
import {
  SpoolError,
  type ContentFacts,
  type RecipientChange,
  type Report,
  type SettleOutcome,
} from "../../spool/spool.ts";
import type { Arrival, Arrivals } from "./arrivals.ts";
import type { Bodies, BodyWriter } from "./bodies.ts";
import { closedFault, type CommitGroup } from "./commit-group.ts";
import { changedEnd } from "./ends.ts";
import type { Finished } from "./finished.ts";
import type { OfferLate } from "./late-dones.ts";
import type { HeldClaim, LiveMessages } from "./live-messages.ts";
import type { QueueView } from "./queue-view.ts";

const bodyRepeatMs = 1_000;

interface WrittenBody {
  readonly id: MessageId;
  readonly writer: BodyWriter;
  readonly crc: number;
  readonly chunks: number;
}

export type Settle = (
  claim: HeldClaim,
  changes: readonly RecipientChange[],
  reports: readonly Report[],
) => Promise<SettleOutcome>;

export function createSettle(parts: {
  readonly clock: Clock;
  readonly inlineLimitBytes: number;
  readonly bodies: Bodies;
  readonly group: CommitGroup;
  readonly view: QueueView;
  readonly lives: LiveMessages;
  readonly arrivals: Arrivals;
  readonly finished: Finished;
  readonly offerLate: OfferLate;
  readonly drawId: () => MessageId;
  readonly onFault: (fault: SpoolError) => void;
}): Settle {
  const {
    clock,
    inlineLimitBytes,
    bodies,
    group,
    view,
    lives,
    arrivals,
    finished,
    offerLate,
    drawId,
    onFault,
  } = parts;

  const isLarge = ({ content }: Report): boolean => content.length > inlineLimitBytes;

  /** Ahead of the change it belongs to, however often that must be tried. */
  const writeBody = async (report: Report): Promise<WrittenBody | undefined> => {
    if (!isLarge(report)) return undefined;
    for (;;) {
      const id = drawId();
      const writer = bodies.begin(id);
      writer.write(report.content);
      try {
        return { id, writer, ...(await writer.finish()) };
      } catch (error) {
        onFault(error as SpoolError);
      }
      if (group.closed) throw closedFault();
      await new Promise<void>((resolve) => setTimeout(resolve, bodyRepeatMs).unref());
    }
  };

  const prepareReport = ({ envelope, origin, content }: Report, body: WrittenBody | undefined): Arrival => {
    const facts: ContentFacts = { sizeBytes: content.length, ...contentFacts(content) };
    const message = { id: body?.id ?? drawId(), arrivedAt: clock.now(), envelope, origin, content: facts };
    return arrivals.prepare(message, [content], body);
  };

  const settle = async (
    claim: HeldClaim,
    changes: readonly RecipientChange[],
    reports: readonly Report[],
  ): Promise<SettleOutcome> => {
    // A caller's mistake shows here, before the claim is bound to end.
    const isAll = claim.recipients.length === claim.entry.length && finishesAll(claim.entry, changes);
    const recipients = isAll ? [] : changedRecipients(claim.entry, claim, changes);
    let written: readonly (WrittenBody | undefined)[] = [];
    if (reports.some(isLarge)) {
      claim.ended = true;
      written = await Promise.all(reports.map(writeBody));
      claim.ended = false;
    }
    const { end, seen, isLast } = changedEnd(claim, recipients);
    lives.end(claim);
    view.apply(seen);
    const made = reports.map((report, at) => prepareReport(report, written[at]));
    const { isLost, nodeId } = await group.run({
      end,
      accepts: made.map(({ accept }) => accept),
      seen,
      nodeId: claim.nodeId,
    });
    if (isLost) {
      for (const arrival of made) arrivals.drop(arrival);
      for (const body of written) body?.writer.discard();
      return offerLate(claim, changes, reports);
    }
    if (isLast) finished.isFinished(claim.message.id);
    for (const arrival of made) arrivals.arrive(arrival, nodeId);
    return "settled";
  };

  return (claim, changes, reports) => {
    if (group.closed) return Promise.reject(closedFault());
    if (!claim.ended) return settle(claim, changes, reports);
    return claim.isTakenOver ? offerLate(claim, changes, reports) : Promise.resolve("lost");
  };
}
