/** Keys that programs hand mail in with: made here, told once, kept as a hash. */
import { createHash, randomBytes } from "node:crypto";
import { plainApiKey, type PlainSection } from "../../config/plain-settings.ts";
import { apiKeyKinds } from "../../config/setting-kinds.ts";
import type { Settings } from "../../config/settings.ts";
import { apiKeyBytes, formatApiKey, type ApiKey } from "../../core/authentication/api-key.ts";
import type { Administered, Handlers } from "../administered.ts";
import { AdminRefusal } from "../refusal.ts";
import { namedChanges } from "./named-changes.ts";

type Names = "listApiKeys" | "newApiKey" | "setApiKey" | "removeApiKey";

export function apiKeyHandlers(administered: Administered): Pick<Handlers, Names> {
  const { relay, clock } = administered;
  const keys = namedChanges(administered, {
    section: "apiKeys",
    noun: "API key",
    all: (settings) => settings.apiKeys,
    plain: plainApiKey,
  });
  const stateOf = ({ enabled, expires }: ApiKey): "Active" | "Disabled" | "Expired" => {
    if (!enabled) return "Disabled";
    return expires !== undefined && expires <= clock.wall().getTime() ? "Expired" : "Active";
  };

  return {
    listApiKeys: () => ({
      keys: keys.all().map((key) => {
        const lastUsed = relay.apiKeyLastUsed(key.name);
        return {
          ...keys.described(key),
          kinds: apiKeyKinds,
          status: {
            state: stateOf(key),
            lastUsed: lastUsed === undefined ? null : new Date(lastUsed).toISOString(),
            recipientsLastDay: relay.recipientsLastDay({ kind: "key", name: key.name }),
          },
        };
      }),
    }),
    async newApiKey({ name, settings, whatIf }) {
      const key = formatApiKey(randomBytes(apiKeyBytes));
      const keyHash = `sha256:${createHash("sha256").update(key).digest("hex")}`;
      const change = await keys.add(name, { ...withoutHash(settings), keyHash }, whatIf, ({ after }) =>
        whereItIsTaken(after.settings),
      );
      return { ...change, key: whatIf ? null : key };
    },
    setApiKey: ({ name, settings, whatIf }) => keys.set(name, withoutHash(settings), whatIf),
    removeApiKey: (identity) => keys.remove(identity),
  };
}

function withoutHash(settings: PlainSection): PlainSection {
  if (!("keyHash" in settings)) return settings;
  throw new AdminRefusal(
    "invalidInput",
    "a key is made by New-ApiKey, and its hash goes into the file with it",
  );
}

function whereItIsTaken({ receiveConnectors }: Settings): readonly string[] {
  const isTaken = receiveConnectors.some(
    ({ enabled, permissionGroups }) => enabled && permissionGroups.includes("ExchangeUsers"),
  );
  return isTaken
    ? []
    : [
        "No receive connector takes mail of those who prove who they are yet: it needs ExchangeUsers in -PermissionGroups.",
      ];
}
