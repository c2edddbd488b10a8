/** Tells when DANE is wanted and cannot be had, and when it can again. */
import type { SendConnectorSettings } from "../core/policy/send-connector.ts";
import type { Events } from "../events/events.ts";
import type { Resolver } from "../ports/lookup.ts";
import type { Clock, Timer } from "../ports/ports.ts";

export interface DaneWatch {
  /** Looks at once, and each hour from now on. */
  watch(connectors: readonly SendConnectorSettings[]): void;
  /** For good. */
  stop(): void;
}

const hourMs = 3_600_000;

export function createDaneWatch(resolver: Resolver | undefined, clock: Clock, events: Events): DaneWatch {
  let timer: Timer | undefined;
  let stopped = false;
  /** Why it is off, as it was told last; undefined: it is on. */
  let told: string | undefined;

  const look = (): void => {
    timer?.cancel();
    timer = clock.after(hourMs, look);
    void resolver?.dnssec?.().then((standing) => {
      if (stopped) return;
      const reason = standing.kind === "off" ? standing.reason : undefined;
      if (reason === told) return;
      told = reason;
      if (reason === undefined) events.emit("DaneOn", {});
      else events.emit("DaneOff", { reason });
    });
  };

  return {
    watch(connectors) {
      if (stopped) return;
      timer?.cancel();
      if (connectors.some((one) => one.enabled && "daneEnabled" in one && one.daneEnabled)) look();
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
