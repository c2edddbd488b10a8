/** The refusals of a source as its stored events tell them: what is left of them after a restart. */
import type { StoredEvent } from "../../events/store/stored-event.ts";

export interface ToldRefusals {
  readonly connector: string;
  readonly limit: string;
  readonly lastHour: number;
  readonly lastDay: number;
  readonly lastAt: string;
  readonly last: {
    readonly connector: string;
    readonly limit: string;
    readonly configured: number;
    readonly allowed: number;
    /** The most that was counted. */
    readonly seen: number;
    readonly source: string;
    readonly eventId: number;
    readonly reference: string;
  };
  readonly reply: string | null;
}

const hourMs = 3_600_000;

/** `events` newest first, of the last day; those written singly beside an entry that counts them are left out. */
export function refusalsOf(events: readonly StoredEvent[], nowMs: number): ToldRefusals[] {
  const hourAgo = new Date(nowMs - hourMs).toISOString();
  const found = new Map<string, ToldRefusals>();
  for (const event of events) {
    const { fields, count } = event;
    const { connector, setting, reference, seen } = fields;
    if (count === undefined || typeof connector !== "string" || typeof setting !== "string") continue;
    if (typeof reference !== "string") continue;
    const key = `${connector}\n${setting}`;
    const known = found.get(key);
    const limit = limitOf(fields["limit"]);
    found.set(key, {
      connector,
      limit: setting,
      lastHour: (known?.lastHour ?? 0) + (event.at >= hourAgo ? count : 0),
      lastDay: (known?.lastDay ?? 0) + count,
      lastAt: known?.lastAt ?? event.at,
      last: {
        ...(known?.last ?? {
          connector,
          limit: setting,
          configured: limitOf(fields["configured"] ?? limit),
          allowed: limit,
          source: String(fields["source"] ?? ""),
          eventId: event.id,
          reference,
        }),
        seen: Math.max(known?.last.seen ?? 0, typeof seen === "number" ? seen : 0),
      },
      reply: known?.reply ?? (typeof fields["reply"] === "string" ? fields["reply"] : null),
    });
  }
  return [...found.values()];
}

/** JSON has no Infinity; stored events hold null for it. */
function limitOf(value: unknown): number {
  return typeof value === "number" ? value : Infinity;
}
