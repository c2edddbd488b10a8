/** What became of messages, and where those are that nothing has become of yet. */
import type { StoredEvent } from "../../events/store/stored-event.ts";
import type { TrackingFilter } from "../../tracking/filter.ts";
import type { TrackingRecord } from "../../tracking/tracking-record.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output, ReadInput } from "../contract.ts";
import { placeStatesOf } from "./place-state.ts";
import { seenQueues } from "./seen-queues.ts";
import { shownApplication, shownEvent } from "./shown-values.ts";

type Story = Output<"explainMessage">;
type Entry = Story["entries"][number];

/** More than one message has. */
const storySize = 10_000;
const hourMs = 3_600_000;
const eventsRead = 200;
const limitHitsShown = 20;
/** Recipients written out of one message. */
const waitingShown = 1_000;

export function trackingHandlers({
  relay,
  clock,
}: Administered): Pick<Handlers, "searchMessageTracking" | "exportMessageTracking" | "explainMessage"> {
  const states = placeStatesOf(relay);
  /** A time of the steady clock on the wall. */
  const instant = (at: number): string => new Date(clock.wall().getTime() + at - clock.now()).toISOString();

  const whereNow = async (id: number): Promise<Story["waiting"]> => {
    const found = await relay.messages.find(id);
    if (found === undefined) return [];
    const { message, places } = found;
    const seen = seenQueues(relay);
    const now = clock.now();
    const waiting = places.flatMap((place) => {
      const queue = seen(place.queue);
      return place.recipients.map((recipient) => {
        const { status, attempts, lastError, nextAttemptAt } = states.ofRecipient(place, recipient, queue);
        return {
          internalMessageId: id,
          recipient: message.envelope.recipients[recipient.index]?.forwardPath ?? "",
          queue: queue.identity,
          queueStatus: queue.status,
          queueMessages: queue.messages,
          status,
          attempts,
          lastError: lastError ?? null,
          nextRetryAt:
            status === "Active" || nextAttemptAt === undefined || nextAttemptAt <= now
              ? null
              : instant(nextAttemptAt),
          expiresAt: instant(message.arrivedAt + relay.settings.transport.messageExpirationTimeout),
        };
      });
    });
    return waiting.slice(0, waitingShown);
  };

  /** What the message's source met at its connector before it came in. */
  const limitHitsBefore = async (received: TrackingRecord | undefined): Promise<readonly StoredEvent[]> => {
    if (received === undefined || received.clientIp === "") return [];
    const at = Date.parse(received.at);
    const events = await relay.eventStore.query({
      source: received.clientIp,
      ipv6SourcePrefixLength: relay.settings.transport.ipv6SourcePrefixLength,
      connector: received.connectorId.slice(received.connectorId.indexOf("\\") + 1),
      since: new Date(at - hourMs),
      until: new Date(at + 1),
      limit: eventsRead,
    });
    return events.filter(({ fields }) => fields["setting"] !== undefined).slice(0, limitHitsShown);
  };

  return {
    searchMessageTracking: async (input) => ({
      entries: (await relay.tracking.search(filterOf(input, input.resultSize))).map(shownEntry),
    }),
    exportMessageTracking: (input) => ({
      fileName: `MSGTRK${clock.wall().toISOString().slice(0, 19).replaceAll(/\D/g, "")}.LOG`,
      chunks: relay.tracking.export(filterOf(input, input.resultSize ?? Infinity)),
    }),
    async explainMessage({ message }) {
      const named = message.trim();
      const isId = /^\d{1,16}$/.test(named);
      const about = isId ? { internalMessageId: Number(named) } : { messageId: named };
      const own = await relay.tracking.search({ ...about, resultSize: storySize });
      const records = receivedFirst(own.toReversed());
      const reports = new Set(own.map(({ reference }) => reference).filter((reference) => reference !== ""));
      for (const messageId of reports) {
        const ofReport = await relay.tracking.search({ messageId, resultSize: storySize });
        records.push(...ofReport.toReversed());
      }
      // Also where the log tells nothing of it: it may be switched off.
      const ids = new Set(records.map(({ internalMessageId }) => internalMessageId));
      if (isId) ids.add(Number(named));
      const received = records.find(({ eventId }) => eventId === "RECEIVE");
      return {
        entries: records.map(shownEntry),
        application:
          received === undefined ? null : shownApplication(relay.settings, received.originalClientIp),
        waiting: (await Promise.all(Array.from(ids, whereNow))).flat(),
        limitHits: (await limitHitsBefore(received)).map(shownEvent),
      };
    },
  };
}

/** A first attempt may fail before the log hears that the message was received. */
function receivedFirst(records: readonly TrackingRecord[]): TrackingRecord[] {
  const sorted: TrackingRecord[] = [];
  for (const record of records) {
    const id = record.internalMessageId;
    const first =
      record.eventId === "RECEIVE" ? sorted.findIndex((other) => other.internalMessageId === id) : -1;
    if (first < 0) sorted.push(record);
    else sorted.splice(first, 0, record);
  }
  return sorted;
}

function filterOf(
  { start, end, ...filter }: Omit<ReadInput<"exportMessageTracking">, "resultSize">,
  resultSize: number,
): TrackingFilter {
  return {
    ...filter,
    resultSize,
    start: start === undefined ? undefined : new Date(start),
    end: end === undefined ? undefined : new Date(end),
  };
}

function shownEntry(record: TrackingRecord): Entry {
  return { ...record, recipients: [...record.recipients] };
}
