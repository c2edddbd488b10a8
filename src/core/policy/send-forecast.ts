/** How long a backlog takes under a pace and a day's budget. */
import { countIn, quarterMs, quarterOf, usedIn, type RecipientsDay } from "./recipients-day.ts";
import type { SendPace } from "./send-pace.ts";

const longestMs = 30 * 24 * 60 * 60_000;

/**
 * When the last of `messages`, with `recipients` together, leaves; Infinity for more than 30 days. Undefined where nothing
 * slows them. Cost: a step for each quarter of an hour that passes until then.
 */
export function forecast(
  backlog: { readonly messages: number; readonly recipients: number },
  limits: { readonly pace: SendPace | undefined; readonly recipientsPerDay: number | undefined },
  day: RecipientsDay,
  now: number,
): number | undefined {
  const { pace, recipientsPerDay } = limits;
  if (pace === undefined && recipientsPerDay === undefined) return undefined;
  if (backlog.messages === 0) return now;
  const perMs = pace === undefined ? Infinity : backlog.recipients / backlog.messages / pace.intervalMs;
  if (recipientsPerDay === undefined) return now + backlog.recipients / perMs;
  const ahead: RecipientsDay = new Map(day);
  let left = backlog.recipients;
  for (let at = now; at < now + longestMs; at = quarterOf(at) + quarterMs) {
    const free = Math.max(0, recipientsPerDay - usedIn(ahead, at));
    const stepMs = quarterOf(at) + quarterMs - at;
    const sent = Math.min(left, free, perMs * stepMs);
    if (sent > 0) countIn(ahead, quarterOf(at), sent);
    left -= sent;
    if (left < 0.5) return at + sent / perMs;
  }
  return Infinity;
}
