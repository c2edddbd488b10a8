/** What the Events page is asked for: read from and written to its address, so that a link leads to it. */
import type { Input } from "../../../../src/admin/contract.ts";

export type EventFilter = { -readonly [Name in keyof Input<"followEvents">]: Input<"followEvents">[Name] };
export type Severity = NonNullable<EventFilter["severities"]>[number];
export type Category = NonNullable<EventFilter["categories"]>[number];

export const severities = ["Error", "Warning", "Information"] as const satisfies readonly Severity[];
export const filterTexts = ["connector", "source", "text", "reference", "server"] as const;

/** An unknown severity is left out; an unknown category is told by the relay. */
export function readFilter(query: URLSearchParams): EventFilter {
  const filter: EventFilter = {};
  const wanted = severities.filter((severity) => query.getAll("severity").includes(severity));
  if (wanted.length > 0) filter.severities = wanted;
  const category = query.get("category");
  if (category !== null && category !== "") filter.categories = [category as Category];
  for (const name of filterTexts) {
    const value = query.get(name)?.trim();
    if (value !== undefined && value !== "") filter[name] = value;
  }
  return filter;
}

export function writeFilter(filter: EventFilter): URLSearchParams {
  const query = new URLSearchParams();
  for (const severity of filter.severities ?? []) query.append("severity", severity);
  for (const category of filter.categories ?? []) query.append("category", category);
  for (const name of filterTexts) if (filter[name] !== undefined) query.set(name, filter[name]);
  return query;
}
