/**
 * When one webhook is told, and what follows from the answer: events wait a moment for others, requests keep a distance, what
 * is not taken is tried again with growing pauses, and given up in the end.
 */
import { retryPause } from "../core/webhooks/retry-pause.ts";
import type { WebhookSettings } from "../core/webhooks/webhook-settings.ts";
import type { Batch } from "../core/webhooks/batch.ts";
import type { Events } from "../events/events.ts";
import type { Clock, Random, Timer } from "../ports/ports.ts";
import type { Posted } from "./post-batch.ts";
import type { WebhookQueue } from "./webhook-queue.ts";

export type WebhookStatus = "Disabled" | "Ready" | "Waiting" | "Retry" | "Gone";

export interface WebhookState {
  readonly name: string;
  readonly status: WebhookStatus;
  readonly waitingEvents: number;
  readonly waitingSinceMs: number | undefined;
  /** Wall clock, as are all below; of requests that were taken. */
  readonly lastTakenMs: number | undefined;
  readonly lastFailedMs: number | undefined;
  /** What came back last that was no success. */
  readonly lastError: string | undefined;
  readonly nextAttemptMs: number | undefined;
  /** Requests since the start. */
  readonly requests: Readonly<Record<Posted["meaning"], number>>;
  /** Events that were given up since the start. */
  readonly lostEvents: number;
}

export interface WebhookSender {
  readonly settings: WebhookSettings;
  readonly state: WebhookState;
  /** There is something new to tell. Cost: a comparison, but for the first. */
  wake(): void;
  /** Other settings; what failed is tried at once. */
  reconfigure(settings: WebhookSettings): void;
  /** A test was taken: so is what waits, perhaps. */
  tested(posted: Posted): void;
  /** What waits stays where it is kept. Idempotent. */
  close(): void;
}

/** A fault that ends by itself is nothing to tell of. */
const failuresBeforeTold = 3;
const hourMs = 3_600_000;

export function createWebhookSender(
  initial: WebhookSettings,
  context: {
    readonly queue: WebhookQueue;
    readonly clock: Clock;
    /** The time by which events waited too long; wall clock. */
    readonly agedBy: () => number;
    readonly random: Random;
    readonly events: Events;
    /** Never rejects. */
    readonly post: (settings: WebhookSettings, batch: Batch, signal: AbortSignal) => Promise<Posted>;
    /** Which of a batch other nodes tell, by key. Never rejects. */
    readonly toldByOthers?:
      | ((settings: WebhookSettings, batch: Batch) => Promise<readonly string[]>)
      | undefined;
  },
): WebhookSender {
  const { queue, clock, agedBy, random, events, post, toldByOthers } = context;
  let settings = initial;
  const closing = new AbortController();
  let timer: Timer | undefined;
  /** By the clock's steady time, as is `lastSentAt`. */
  let dueAt: number | undefined;
  let lastSentAt = -Infinity;
  let isSending = false;
  /** In a row. */
  let failures = 0;
  let isToldFailing = false;
  let isGone = false;
  let lastTakenMs: number | undefined;
  let lastFailedMs: number | undefined;
  let lastError: string | undefined;
  let lostEvents = 0;
  const requests: Record<Posted["meaning"], number> = { taken: 0, refused: 0, failed: 0, gone: 0 };

  const isAtRest = (): boolean => closing.signal.aborted || isGone || !settings.enabled;
  const stopTimer = (): void => {
    timer?.cancel();
    timer = undefined;
    dueAt = undefined;
  };
  const sendAt = (at: number): void => {
    stopTimer();
    if (isAtRest() || isSending || queue.batches.length === 0) return;
    dueAt = at;
    timer = clock.after(Math.max(0, at - clock.now()), () => {
      stopTimer();
      void sendOne();
    });
  };
  const sendSoon = (): void =>
    sendAt(Math.max(clock.now() + settings.groupWait, lastSentAt + settings.groupInterval));

  const giveUp = (batches: readonly Batch[], error: string): void => {
    const [first] = batches;
    if (first === undefined) return;
    const count = batches.reduce((sum, batch) => sum + batch.count, 0);
    for (const batch of batches) queue.remove(batch);
    lostEvents += count;
    events.emit("WebhookEventsLost", {
      webhook: settings.name,
      count,
      first: new Date(first.sinceMs).toISOString(),
      error,
    });
  };

  const count = ({ meaning, text }: Posted): void => {
    requests[meaning]++;
    if (meaning === "taken") {
      lastTakenMs = clock.wall().getTime();
      lastError = undefined;
      return;
    }
    lastFailedMs = clock.wall().getTime();
    lastError = text;
  };
  const works = (): void => {
    failures = 0;
    isGone = false;
    if (!isToldFailing) return;
    isToldFailing = false;
    events.emit("WebhookRecovered", { webhook: settings.name });
  };

  const sendOne = async (): Promise<void> => {
    const oldestMs = agedBy() - settings.expirationTimeout;
    giveUp(
      queue.batches.filter(({ sinceMs }) => sinceMs < oldestMs),
      lastError ?? "they waited too long",
    );
    const batch = queue.take();
    if (batch === undefined) return;
    isSending = true;
    if (toldByOthers !== undefined && !batch.isClaimed) {
      const others = await toldByOthers(settings, batch);
      if (closing.signal.aborted) return;
      batch.isClaimed = true;
      if (others.length > 0) queue.drop(batch, others);
      if (batch.count === 0) {
        isSending = false;
        return sendSoon();
      }
    }
    const posted = await post(settings, batch, closing.signal);
    isSending = false;
    // It may have been taken; under its id it is sent again after the next start.
    if (closing.signal.aborted) return;
    count(posted);
    lastSentAt = clock.now();
    if (posted.meaning === "taken") {
      queue.remove(batch);
      works();
      return sendAt(lastSentAt + settings.groupInterval);
    }
    if (posted.meaning === "gone") {
      isGone = true;
      events.emit("WebhookGone", { webhook: settings.name });
      return giveUp(queue.batches, posted.text);
    }
    failures++;
    if (failures === failuresBeforeTold) {
      isToldFailing = true;
      const hours = Math.round(settings.expirationTimeout / hourMs);
      events.emit("WebhookFailing", { webhook: settings.name, error: posted.text, hours });
    }
    const { retryAfter } = posted;
    sendAt(lastSentAt + retryPause(failures, random(), { retryAfter, nowMs: clock.wall().getTime() }));
  };

  return {
    get settings() {
      return settings;
    },
    get state() {
      const [first] = queue.batches;
      const status: WebhookStatus = !settings.enabled
        ? "Disabled"
        : isGone
          ? "Gone"
          : failures > 0
            ? "Retry"
            : first === undefined
              ? "Ready"
              : "Waiting";
      return {
        name: settings.name,
        status,
        waitingEvents: queue.count,
        waitingSinceMs: first?.sinceMs,
        lastTakenMs,
        lastFailedMs,
        lastError,
        nextAttemptMs: dueAt === undefined ? undefined : clock.wall().getTime() + (dueAt - clock.now()),
        requests: { ...requests },
        lostEvents,
      };
    },
    wake() {
      if (timer === undefined && !isSending) sendSoon();
    },
    reconfigure(next) {
      settings = next;
      isGone = false;
      if (!next.enabled) stopTimer();
      else if (failures > 0) sendAt(clock.now());
      else sendSoon();
    },
    tested(posted) {
      count(posted);
      if (posted.meaning !== "taken") return;
      works();
      sendAt(clock.now());
    },
    close() {
      closing.abort();
      stopTimer();
    },
  };
}
