/** What the Tracking page searches for: read from its address, so that a search can be handed on as a link. */
import type { Input } from "../../../../src/admin/contract.ts";
import { trackingEventIds, trackingSources } from "../../../../src/tracking/tracking-record.ts";

type Asked = Input<"searchMessageTracking">;
export type TrackingSearch = { -readonly [Name in keyof Asked]: Asked[Name] };

/** In the order of the form. */
export const searchTexts = [
  "sender",
  "recipient",
  "messageId",
  "messageSubject",
  "clientIp",
  "connector",
  "server",
] as const;
const times = ["start", "end"] as const;

export const isSearched = (query: URLSearchParams): boolean =>
  [...searchTexts, ...times, "eventId", "source"].some((name) => (query.get(name) ?? "") !== "");

/** Times stand in the address as the form gives them: local. What no form gives is left out. */
export function readSearch(query: URLSearchParams): TrackingSearch {
  const search: TrackingSearch = {};
  for (const name of searchTexts) {
    const value = query.get(name)?.trim() ?? "";
    if (value === "") continue;
    if (name === "recipient") search.recipients = [value];
    // How a report's sender is written everywhere.
    else search[name] = name === "sender" && value === "<>" ? "" : value;
  }
  const eventId = trackingEventIds.find((id) => id === query.get("eventId"));
  if (eventId !== undefined) search.eventIds = [eventId];
  const source = trackingSources.find((one) => one === query.get("source"));
  if (source !== undefined) search.source = source;
  for (const name of times) {
    const at = Date.parse(query.get(name) ?? "");
    if (!Number.isNaN(at)) search[name] = new Date(at).toISOString();
  }
  return search;
}
