/** Diagnostic logging levels, by Exchange's names (Set-EventLogLevel). */
import type { EventDefinition, EventLevelNumber } from "./catalogue.ts";

export const eventLevels = { Lowest: 0, Low: 1, Medium: 3, High: 5, Expert: 7 } as const satisfies Record<
  string,
  EventLevelNumber
>;
export type EventLevelName = keyof typeof eventLevels;

/** Category → level; a category not named has Lowest. Names may carry the source: `MSExchangeTransport\SmtpReceive`. */
export type EventLevels = Readonly<Record<string, EventLevelName>>;

/** The level set for each category, as a number. */
export function levelNumbers(levels: EventLevels): ReadonlyMap<string, EventLevelNumber> {
  return new Map(
    Object.entries(levels).map(([name, level]) => [
      name.slice(name.lastIndexOf("\\") + 1),
      eventLevels[level],
    ]),
  );
}

/** Errors are always told; others when the category's level reaches theirs. */
export function isTold(
  { category, severity, level }: EventDefinition,
  set: ReadonlyMap<string, EventLevelNumber>,
): boolean {
  return severity === "Error" || level <= (set.get(category) ?? 0);
}
