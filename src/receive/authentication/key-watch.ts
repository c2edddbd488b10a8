/** Tells once a day of API keys that end soon, and once of those that have ended. */
import type { ApiKey } from "../../core/authentication/api-key.ts";
import { credentialWarningMs, daysUntil } from "../../core/policy/credential-expiry.ts";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import { createWatch, type Watch } from "../../ports/watch.ts";

const dayMs = 86_400_000;

export function createKeyWatch(clock: Clock, events: Events): Watch<readonly ApiKey[]> {
  /** A change of the configuration tells nothing again. */
  const told = new Map<string, number>();

  return createWatch(clock, (keys, now) => {
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
    return keys.some(({ expires }) => expires !== undefined) ? dayMs : undefined;
  });
}
