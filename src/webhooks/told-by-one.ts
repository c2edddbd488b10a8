/** Events about what nodes have in common, which each of them meets: webhooks are told of them by one. */
import type { EventName } from "../events/catalogue.ts";

const minuteMs = 60_000;
const hourMs = 3_600_000;

/** How long another node that meets the same is silent, at least. Of limits: as long as the webhook's own requests are apart. */
const silentMs: Readonly<Partial<Record<EventName, number>>> = {
  SmtpReceiveMaxConnectionReached: 0,
  SmtpReceiveMaxConnectionPerSourceReached: 0,
  SmtpReceiveMessageRateLimitExceeded: 0,
  ClientRateExceeded: 0,
  ConnectionRateExceeded: 0,
  ConnectionHeld: 0,
  MessageHeld: 0,
  WouldBeRefused: 0,
  QueueSuspended: 0,
  QueueResumed: 0,
  QueueSuspensionCarried: 0,
  NoStandby: hourMs,
  DatabaseNotDurable: 5 * minuteMs,
  StandbyAway: 5 * minuteMs,
  DatabaseDurable: 5 * minuteMs,
  DatabaseRowsHeld: 5 * minuteMs,
  DatabaseRowsFreed: 5 * minuteMs,
  SendBudgetNearlySpent: hourMs,
  SendBudgetSpent: hourMs,
  MtaStsPolicyFound: hourMs,
  MtaStsPolicyChanged: hourMs,
  // Each node looks once a day.
  DkimKeyUnfit: 20 * hourMs,
  DkimKeyFits: 20 * hourMs,
  DkimKeyNotPublished: 20 * hourMs,
};

/** Undefined: it is about the node that met it. `intervalMs`: between two requests of the webhook. */
export function silenceOfOthers(name: string, intervalMs: number): number | undefined {
  const ms = silentMs[name as EventName];
  return ms === undefined ? undefined : Math.max(ms, intervalMs);
}
