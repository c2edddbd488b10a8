/** The token sources of the relay: connectors that log on as the same application share one, whatever carries their mail. */
import { createHash } from "node:crypto";
import type { OAuthSettings } from "../../core/policy/oauth-settings.ts";
import type { Events } from "../../events/events.ts";
import type { HttpRequest } from "../../ports/http-request.ts";
import type { Clock } from "../../ports/ports.ts";
import { createTokenSource, type TokenSource } from "./token-source.ts";

export interface TokenSources {
  /** `connector`: who is named in events; the first one that asks. Cost: a digest; call it once for each carrier. */
  for(settings: OAuthSettings, connector: string): TokenSource;
}

/** Those of configurations long gone are forgotten. */
const mostSources = 100;

export function createTokenSources(context: {
  readonly clock: Clock;
  readonly events: Events;
  readonly http: HttpRequest;
}): TokenSources {
  const sources = new Map<string, TokenSource>();
  return {
    for(settings, connector) {
      const { grant, tokenEndpoint, scope } = settings;
      const key = createHash("sha256")
        .update(JSON.stringify([grant, tokenEndpoint, scope]))
        .digest("hex");
      const known = sources.get(key);
      if (known !== undefined) return known;
      const [oldest] = sources.keys();
      if (sources.size >= mostSources && oldest !== undefined) sources.delete(oldest);
      const made = createTokenSource(settings, context, connector);
      sources.set(key, made);
      return made;
    },
  };
}
