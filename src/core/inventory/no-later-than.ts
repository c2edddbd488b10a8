/** Instants of a sender that a clock wrote which was ahead. */
import type { Sender } from "./sender.ts";

/** Returns whether any was later. */
export function senderNoLaterThan(sender: Sender, nowMs: number): boolean {
  const { loss, lost, traits } = sender;
  const { lastMs, lastMessageMs } = sender;
  const latestMs = Math.max(lastMs, lastMessageMs, loss.lastMs, loss.recentMs, lost?.lastMs ?? 0);
  if (latestMs <= nowMs) return false;
  sender.firstMs = Math.min(sender.firstMs, nowMs);
  sender.lastMs = Math.min(lastMs, nowMs);
  sender.lastMessageMs = Math.min(lastMessageMs, nowMs);
  loss.firstMs = Math.min(loss.firstMs, nowMs);
  loss.lastMs = Math.min(loss.lastMs, nowMs);
  loss.recentMs = Math.min(loss.recentMs, nowMs);
  if (lost !== undefined)
    sender.lost = { ...lost, firstMs: Math.min(lost.firstMs, nowMs), lastMs: Math.min(lost.lastMs, nowMs) };
  for (const trait of traits) {
    trait.firstMs = Math.min(trait.firstMs, nowMs);
    trait.lastMs = Math.min(trait.lastMs, nowMs);
  }
  return true;
}
