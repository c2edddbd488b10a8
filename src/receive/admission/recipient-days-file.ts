/**
 * What recipientRateLimit has counted, in a file of the data directory: exact after a clean stop; after kill -9 or a loss
 * of power the last seconds may be missing.
 */
import type { RecipientsDay } from "../../core/policy/recipients-day.ts";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import { openKeptFile } from "../kept-file.ts";
import { createRecipientDays, type OwnRecipientDays } from "./recipient-days.ts";

export interface KeptRecipientDays extends OwnRecipientDays {
  /** Writes what is not written. Never rejects. */
  close(): Promise<void>;
}

const writeAfterMs = 5_000;

/** A file that is missing counts nothing, one that cannot be understood neither, which is told: mail is more important. */
export async function openRecipientDays(
  file: string,
  { clock, events }: { readonly clock: Clock; readonly events: Events },
): Promise<KeptRecipientDays> {
  const kept = await openKeptFile(file, {
    clock,
    events,
    what: "what recipientRateLimit has counted",
    writeAfterMs,
    read: storedIn,
    state: () => ({ recipients: days.all().map(([key, day]) => [key, [...day]]) }),
  });
  const days = createRecipientDays(clock, kept.stored ?? new Map(), () => kept.changed());
  return { ...days, close: () => kept.close() };
}

function storedIn(text: string): ReadonlyMap<string, RecipientsDay> {
  const { recipients } = JSON.parse(text) as { readonly recipients?: unknown };
  if (!Array.isArray(recipients)) throw new TypeError("it holds no counts");
  return new Map(
    recipients.map((entry: unknown): [string, RecipientsDay] => {
      const [key, day]: readonly unknown[] = Array.isArray(entry) ? entry : [];
      if (typeof key !== "string" || !Array.isArray(day)) throw new TypeError("a count is of another form");
      return [key, new Map(day.map(countOf))];
    }),
  );
}

function countOf(entry: unknown): [number, number] {
  const [quarter, count]: readonly unknown[] = Array.isArray(entry) ? entry : [];
  if (!Number.isSafeInteger(quarter) || !Number.isSafeInteger(count))
    throw new TypeError("a count is no number");
  return [quarter as number, count as number];
}
