/** What became of a message, as a word with a colour. */
import type { Output } from "../../../../src/admin/contract.ts";
import { Badge } from "../../components/badge.tsx";

export type TrackingEntry = Output<"searchMessageTracking">["entries"][number];
type EventId = TrackingEntry["eventId"];

const kinds: Readonly<Record<EventId, "good" | "warning" | "error" | "plain">> = {
  RECEIVE: "plain",
  DUPLICATE: "plain",
  SEND: "good",
  DEFER: "warning",
  TRANSFER: "warning",
  FAIL: "error",
  EXPIRE: "error",
  DSN: "warning",
  DROP: "error",
};
const sentences: Readonly<Record<EventId, string>> = {
  RECEIVE: "Taken from the client",
  DUPLICATE: "Handed in again, answered as before, not taken twice",
  SEND: "Handed to the next hop",
  DEFER: "Put off; will be tried again",
  TRANSFER: "Taken over by the fallback connector",
  FAIL: "Refused for good",
  EXPIRE: "Given up: it waited too long",
  DSN: "Reported to the sender",
  DROP: "Dropped",
};

export function TrackingEvent({ eventId }: { eventId: EventId }) {
  return <Badge kind={kinds[eventId]} text={eventId} />;
}

export const eventSentence = (eventId: EventId): string => sentences[eventId];

/** `<>` for a report, as everywhere. */
export const senderText = (sender: string): string => (sender === "" ? "<>" : sender);
