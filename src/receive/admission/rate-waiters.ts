/** Messages that wait at MAIL until their source's minute allows them (limitAction `delay`). */
import type { SessionRights } from "../../core/policy/client-rights.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import { refused, type Refused } from "../../core/refusals/refusal.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Door } from "./admission.ts";
import type { Client } from "./client.ts";

/** Whether the client that waits is still there. */
export interface Presence {
  readonly isGone: boolean;
  /** Calls `tell` once, when it goes; in place of who was to be told before. */
  onGone(tell: () => void): void;
}

export interface RateWaiters {
  /**
   * Resolves with undefined when the message is admitted, else with what refuses it once `limitDelay` is over. Who
   * goes meanwhile spends nothing of the minute.
   */
  wait(
    client: Client,
    user: string | undefined,
    limits: SessionRights,
    presence: Presence,
  ): Promise<Refused | undefined>;
  /** All that wait are judged by the settings in force. */
  settingsChanged(): void;
}

/** The ledger counts in seconds, so asking more often finds nothing new. */
const askAgainMs = 1_000;

export function createRateWaiters(around: {
  readonly door: Door;
  readonly clock: Clock;
  /** Those in force. */
  readonly connectors: () => readonly ReceiveConnectorSettings[];
  /** Ends all waits. */
  readonly stopping: AbortSignal;
}): RateWaiters {
  const { door, clock, stopping } = around;
  const wakeUps = new Set<() => void>();

  /** An open session keeps the connector it came in under; one that waits is judged by what it is now. */
  const inForce = ({ connector }: Client): ReceiveConnectorSettings =>
    around.connectors().find(({ name }) => name === connector.name) ?? connector;

  const pause = (ms: number, presence: Presence): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        wakeUps.delete(wake);
        timer.cancel();
        resolve();
      };
      const timer = clock.after(ms, wake);
      wakeUps.add(wake);
      presence.onGone(wake);
    });

  const wakeAll = (): void => {
    for (const wake of wakeUps) wake();
  };
  stopping.addEventListener("abort", wakeAll);

  return {
    async wait(client, user, limits, presence) {
      door.tellMessageHeld(client);
      const since = clock.now();
      for (;;) {
        const leftMs = since + inForce(client).limitDelay - clock.now();
        await pause(Math.max(0, Math.min(leftMs, askAgainMs)), presence);
        if (stopping.aborted) return refused("shuttingDown");
        if (presence.isGone) return refused("leftWaiting");
        const connector = inForce(client);
        const last = since + connector.limitDelay <= clock.now();
        const outcome = await door.admitMessage({ ...client, connector }, user, limits, last);
        if (outcome === "admitted") return undefined;
        if (outcome !== "held") return outcome;
      }
    },
    settingsChanged: wakeAll,
  };
}
