import { plainWebhook } from "../../config/plain-settings.ts";
import { webhookKinds } from "../../config/setting-kinds.ts";
import { counted } from "../../core/units/counted.ts";
import type { Administered, Handlers } from "../administered.ts";
import { AdminRefusal } from "../refusal.ts";
import { namedChanges } from "./named-changes.ts";

type Names = "listWebhooks" | "newWebhook" | "setWebhook" | "removeWebhook" | "testWebhook";

const instant = (atMs: number | undefined): string | null =>
  atMs === undefined ? null : new Date(atMs).toISOString();

export function webhookHandlers(administered: Administered): Pick<Handlers, Names> {
  const { relay } = administered;
  const webhooks = namedChanges(administered, {
    section: "webhooks",
    noun: "webhook",
    all: (settings) => settings.webhooks,
    plain: plainWebhook,
  });
  return {
    listWebhooks: () => {
      const states = new Map(relay.webhooks.states().map((state) => [state.name, state]));
      return {
        webhooks: webhooks.all().map((webhook) => {
          const state = states.get(webhook.name);
          return {
            ...webhooks.described(webhook),
            kinds: webhookKinds,
            status: {
              state: state?.status ?? "Ready",
              host: new URL(webhook.url).origin,
              waitingEvents: state?.waitingEvents ?? 0,
              waitingSince: instant(state?.waitingSinceMs),
              lastTaken: instant(state?.lastTakenMs),
              lastFailed: instant(state?.lastFailedMs),
              lastError: state?.lastError ?? null,
              nextAttempt: instant(state?.nextAttemptMs),
              takenRequests: state?.requests.taken ?? 0,
              lostEvents: state?.lostEvents ?? 0,
            },
          };
        }),
      };
    },
    newWebhook: ({ name, settings, whatIf }) => webhooks.add(name, settings, whatIf),
    setWebhook: ({ name, settings, whatIf }) => webhooks.set(name, settings, whatIf),
    removeWebhook: (identity) => {
      const { name } = webhooks.find(identity.name);
      const waiting = relay.webhooks.states().find((state) => state.name === name)?.waitingEvents ?? 0;
      return webhooks.remove(identity, () =>
        waiting === 0 ? [] : [`${counted(waiting, "event")} it was not told of yet are gone with it.`],
      );
    },
    testWebhook: async ({ name }, { caller }) => {
      const found = webhooks.find(name);
      const posted = await relay.webhooks.test(found.name, caller.name);
      if (posted === undefined)
        throw new AdminRefusal("notFound", `webhook ${found.name} is not in force yet; try again`);
      const { meaning, status = null, text, elapsedMs } = posted;
      return { name: found.name, ok: meaning === "taken", status, answer: text, elapsedMs };
    },
  };
}
