/** Tells when DANE is wanted and cannot be had, and when it can again. */
import type { SendConnectorSettings } from "../core/policy/send-connector.ts";
import type { Events } from "../events/events.ts";
import type { Resolver } from "../ports/lookup.ts";
import type { Clock } from "../ports/ports.ts";
import { createWatch, type Watch } from "../ports/watch.ts";

const hourMs = 3_600_000;

/** Looks each hour. */
export function createDaneWatch(
  resolver: Resolver | undefined,
  clock: Clock,
  events: Events,
): Watch<readonly SendConnectorSettings[]> {
  /** Why it is off, as it was told last; undefined: it is on. */
  let told: string | undefined;

  const watch = createWatch<readonly SendConnectorSettings[]>(clock, (connectors) => {
    if (!connectors.some((one) => one.enabled && "daneEnabled" in one && one.daneEnabled)) return undefined;
    void resolver?.dnssec?.().then((standing) => {
      if (watch.stopped) return;
      const reason = standing.kind === "off" ? standing.reason : undefined;
      if (reason === told) return;
      told = reason;
      if (reason === undefined) events.emit("DaneOn", {});
      else events.emit("DaneOff", { reason });
    });
    return hourMs;
  });
  return watch;
}
