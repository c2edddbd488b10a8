/** Tells once a day of API keys that end soon, and once of those that have ended. */
import type { ApiKey } from "../../core/authentication/api-key.ts";
import { credentialWarningMs, daysUntil } from "../../core/policy/credential-expiry.ts";
import type { Events } from "../../events/events.ts";
import type { Clock, Timer } from "../../ports/ports.ts";

export interface KeyWatch {
  /** Looks at these at once, and each day from now on. */
  watch(keys: readonly ApiKey[]): void;
  /** For good. */
  stop(): void;
}

const dayMs = 86_400_000;

export function createKeyWatch(clock: Clock, events: Events): KeyWatch {
  let timer: Timer | undefined;
  let stopped = false;
  let keys: readonly ApiKey[] = [];
  /** A change of the configuration tells nothing again. */
  const told = new Map<string, number>();

  const look = (): void => {
    const now = clock.wall().getTime();
    for (const { name, keyHash, enabled, expires } of keys) {
      if (!enabled || expires === undefined || expires - now > credentialWarningMs) continue;
      const hasEnded = expires <= now;
      const about = `${keyHash} ${expires} ${String(hasEnded)}`;
      const last = told.get(about);
      if (last !== undefined && (hasEnded || now - last < dayMs / 2)) continue;
      told.set(about, now);
      const day = new Date(expires).toISOString().slice(0, 10);
      if (hasEnded) events.emit("ApiKeyExpired", { key: name, expires: day });
      else events.emit("ApiKeyExpires", { key: name, expires: day, days: daysUntil(expires, now) });
    }
    timer = keys.some(({ expires }) => expires !== undefined) ? clock.after(dayMs, look) : undefined;
  };

  return {
    watch(of) {
      if (stopped) return;
      keys = of;
      timer?.cancel();
      look();
    },
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
