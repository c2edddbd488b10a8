/** Tells once of each receive connector whose time to learn its limits is over (New-ReceiveConnector -Learn). */
import type { ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import type { Events } from "../events/events.ts";
import type { Clock, Timer } from "../ports/ports.ts";

type Learning = Pick<ReceiveConnectorSettings, "name" | "enabled" | "learnUntil" | "reportOnly">;

export interface LearningWatch {
  /** Looks at these at once, and when the next one's time is over. */
  watch(connectors: readonly Learning[]): void;
  /** For good. */
  stop(): void;
}

/** Timers reach no further. */
const farthestMs = 86_400_000;

export function createLearningWatch(clock: Clock, events: Events): LearningWatch {
  let timer: Timer | undefined;
  let stopped = false;
  let connectors: readonly Learning[] = [];
  /** A change of the configuration tells nothing again. */
  const told = new Set<string>();

  const look = (): void => {
    const now = clock.wall().getTime();
    let next = Infinity;
    for (const { name, enabled, learnUntil, reportOnly = [] } of connectors) {
      if (!enabled || learnUntil === undefined || reportOnly.length === 0) continue;
      if (learnUntil > now) {
        next = Math.min(next, learnUntil - now);
        continue;
      }
      const about = `${learnUntil} ${name}`;
      if (told.has(about)) continue;
      told.add(about);
      const until = new Date(learnUntil).toISOString().replace(".000Z", "Z");
      events.emit("LearningEnded", { connector: name, until });
    }
    timer = next === Infinity ? undefined : clock.after(Math.min(next, farthestMs), look);
  };

  return {
    watch(of) {
      if (stopped) return;
      connectors = of;
      timer?.cancel();
      look();
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
