/** Tells once a day of what send connectors prove themselves with and that ends soon, or has ended. */
import { credentialEnds, credentialWarningMs, daysUntil } from "../core/policy/credential-expiry.ts";
import type { SendConnectorSettings } from "../core/policy/send-connector.ts";
import type { Events } from "../events/events.ts";
import type { Clock } from "../ports/ports.ts";
import { createWatch, type Watch } from "../ports/watch.ts";

const dayMs = 86_400_000;

export function createCredentialWatch(clock: Clock, events: Events): Watch<readonly SendConnectorSettings[]> {
  /** A change of the configuration tells nothing again. */
  const told = new Map<string, number>();

  return createWatch(clock, (connectors, now) => {
    for (const { connector, credential, expiresAt } of credentialEnds(connectors)) {
      if (expiresAt - now > credentialWarningMs) continue;
      const key = `${connector}\n${credential}\n${expiresAt}`;
      const last = told.get(key);
      if (last !== undefined && now - last < dayMs / 2) continue;
      told.set(key, now);
      const expires = new Date(expiresAt).toISOString().slice(0, 10);
      if (expiresAt <= now) events.emit("SendCredentialExpired", { connector, credential, expires });
      else
        events.emit("SendCredentialExpires", {
          connector,
          credential,
          expires,
          days: daysUntil(expiresAt, now),
        });
    }
    return dayMs;
  });
}
