/**
 * Whose API key it is. Keys are found by their SHA-256: how long that takes tells of the hash of what was given, and
 * nothing of the keys there are.
 */
import { createHash } from "node:crypto";
import { isApiKey, type ApiKey } from "../../core/authentication/api-key.ts";
import type { RightsOwner } from "../../core/policy/client-rights.ts";
import type { Clock } from "../../ports/ports.ts";
import type { LogonDenied } from "./logon.ts";

export interface KeyLogon {
  /** What it may do, and whose application its mail is: it goes before the application's own. */
  readonly owner: RightsOwner;
}

export interface ApiKeys {
  /** Whose key it is. Cost: a SHA-256 and a look-up. */
  authenticate(key: string): KeyLogon | LogonDenied;
  /** Wall clock, milliseconds; undefined: never, as far as it is known. */
  lastUsed(name: string): number | undefined;
  replace(keys: readonly ApiKey[]): void;
  /** When each was used last, by its hash. */
  uses(): ReadonlyMap<string, number>;
  /** A use elsewhere, of a key there is; an earlier one than is known changes nothing. */
  learn(hash: string, usedAt: number): void;
}

/** `used`: by an earlier run; `onUsed` hears of every use. */
export function createApiKeys(
  initial: readonly ApiKey[],
  clock: Clock,
  used: ReadonlyMap<string, number> = new Map(),
  onUsed: () => void = () => undefined,
): ApiKeys {
  let keys = new Map<string, { readonly key: ApiKey; readonly logon: KeyLogon }>();
  const uses = new Map(used);

  const replace = (next: readonly ApiKey[]): void => {
    keys = new Map(
      next.map((key) => {
        const { name, keyHash, application } = key;
        return [keyHash, { key, logon: { owner: { kind: "key", name, rights: key, application } } }];
      }),
    );
    // Those of keys that are gone.
    for (const hash of uses.keys()) if (!keys.has(hash)) uses.delete(hash);
  };
  replace(initial);

  return {
    replace,
    uses: () => uses,
    learn(hash, usedAt) {
      if (!keys.has(hash) || usedAt <= (uses.get(hash) ?? 0)) return;
      uses.set(hash, usedAt);
      onUsed();
    },
    authenticate(given) {
      if (!isApiKey(given)) return { denied: "it is no API key of this relay's form" };
      const hash = createHash("sha256").update(given).digest("hex");
      const found = keys.get(hash);
      if (found === undefined) return { denied: "there is no such API key" };
      const { name, enabled, expires } = found.key;
      if (!enabled) return { denied: "the API key is disabled", account: name };
      const now = clock.wall().getTime();
      if (expires !== undefined && expires <= now)
        return { denied: "the API key has expired", account: name };
      uses.set(hash, now);
      onUsed();
      return found.logon;
    },
    lastUsed(name) {
      for (const [hash, { key }] of keys)
        if (key.name.toLowerCase() === name.toLowerCase()) return uses.get(hash);
      return undefined;
    },
  };
}
