/** Counts told events, and keeps when the configuration was applied last. */
import type { EventRecord } from "../events/events.ts";
import type { EventName, Severity } from "../events/catalogue.ts";

export interface EventCounts {
  /** Cost: a comparison or two. */
  heard(record: EventRecord): void;
  readonly bySeverity: Readonly<Record<Severity, number>>;
  readonly spoolFaults: number;
  readonly messagesDamaged: number;
  readonly configurationRejected: boolean;
  /** Milliseconds since the epoch. */
  readonly configurationAppliedAt: number;
}

const counted = {
  SpoolFault: "spoolFaults",
  JournalDamaged: "spoolFaults",
  JournalGivenUp: "spoolFaults",
  MessageDamaged: "messagesDamaged",
} as const satisfies Partial<Record<EventName, keyof EventCounts>>;

/** `startedAt`: when the first configuration was applied. */
export function createEventCounts(startedAt: Date): EventCounts {
  const bySeverity = { Error: 0, Warning: 0, Information: 0 };
  const counts = {
    bySeverity,
    spoolFaults: 0,
    messagesDamaged: 0,
    configurationRejected: false,
    configurationAppliedAt: startedAt.getTime(),
  };
  return Object.assign(counts, {
    heard({ name, definition, at }: EventRecord) {
      bySeverity[definition.severity]++;
      if (name === "ConfigurationRejected") counts.configurationRejected = true;
      else if (name === "ConfigurationApplied") {
        counts.configurationRejected = false;
        counts.configurationAppliedAt = at.getTime();
      } else if (name in counted) counts[counted[name as keyof typeof counted]]++;
    },
  });
}
