/** Tells once of each receive connector whose time to learn its limits is over (New-ReceiveConnector -Learn). */
import type { ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import type { Events } from "../events/events.ts";
import type { Clock } from "../ports/ports.ts";
import { createWatch, type Watch } from "../ports/watch.ts";

type Learning = Pick<ReceiveConnectorSettings, "name" | "enabled" | "learnUntil" | "reportOnly">;

/** Looks when the next one's time is over. */
export function createLearningWatch(clock: Clock, events: Events): Watch<readonly Learning[]> {
  /** A change of the configuration tells nothing again. */
  const told = new Set<string>();

  return createWatch(clock, (connectors, now) => {
    let next: number | undefined;
    for (const { name, enabled, learnUntil, reportOnly = [] } of connectors) {
      if (!enabled || learnUntil === undefined || reportOnly.length === 0) continue;
      if (learnUntil > now) {
        next = Math.min(next ?? Infinity, learnUntil - now);
        continue;
      }
      const about = `${learnUntil} ${name}`;
      if (told.has(about)) continue;
      told.add(about);
      const until = new Date(learnUntil).toISOString().replace(".000Z", "Z");
      events.emit("LearningEnded", { connector: name, until });
    }
    return next;
  });
}
