import type { TrackingRecord } from "../../tracking/tracking-record.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";

type Entry = Output<"searchMessageTracking">["entries"][number];

/** More than one message has. */
const storySize = 10_000;

export function trackingHandlers({
  relay,
}: Administered): Pick<Handlers, "searchMessageTracking" | "explainMessage"> {
  return {
    async searchMessageTracking({ start, end, ...filter }) {
      const found = await relay.tracking.search({
        ...filter,
        start: start === undefined ? undefined : new Date(start),
        end: end === undefined ? undefined : new Date(end),
      });
      return { entries: found.map(shownEntry) };
    },
    async explainMessage({ message }) {
      const named = message.trim();
      const about = /^\d{1,16}$/.test(named) ? { internalMessageId: Number(named) } : { messageId: named };
      const own = await relay.tracking.search({ ...about, resultSize: storySize });
      const reports = new Set(own.map(({ reference }) => reference).filter((reference) => reference !== ""));
      const entries = [...own].reverse();
      for (const messageId of reports) {
        const ofReport = await relay.tracking.search({ messageId, resultSize: storySize });
        entries.push(...[...ofReport].reverse());
      }
      return { entries: entries.map(shownEntry) };
    },
  };
}

function shownEntry(record: TrackingRecord): Entry {
  return { ...record, recipients: [...record.recipients] };
}
