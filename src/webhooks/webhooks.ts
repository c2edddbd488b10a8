/**
 * Webhooks: events of the catalogue, told to URLs. Heard in the relay's own step and put into memory; all else, writing
 * included, happens beside the mail. What waits survives the process: written within half a second.
 */
import { isDeepStrictEqual } from "node:util";
import type { Telling } from "../core/webhooks/bodies.ts";
import type { Batch } from "../core/webhooks/batch.ts";
import { isChosen } from "../core/webhooks/event-choice.ts";
import type { WebhookSettings } from "../core/webhooks/webhook-settings.ts";
import { catalogue, type EventName } from "../events/catalogue.ts";
import type { EventRecord, Events } from "../events/events.ts";
import type { HttpRequest } from "../ports/http-request.ts";
import type { Clock, Random, Timer } from "../ports/ports.ts";
import type { SharedNotices } from "../ports/shared-notices.ts";
import { eventToTell } from "./event-to-tell.ts";
import { post, type Posted } from "./post-batch.ts";
import { silenceOfOthers } from "./told-by-one.ts";
import { createWebhookQueue, newBatchId, type WebhookQueue } from "./webhook-queue.ts";
import { createWebhookSender, type WebhookSender, type WebhookState } from "./webhook-sender.ts";
import { openWebhookStore, type BatchChange } from "./webhook-store.ts";

export interface Webhooks {
  /** Cost of an event no webhook is for: a look-up. */
  heard(record: EventRecord): void;
  /** Reads what an earlier run left, then begins to send. Never rejects. */
  start(): Promise<void>;
  reconfigure(settings: readonly WebhookSettings[]): void;
  /** In the order of the settings. */
  states(): readonly WebhookState[];
  /** One request at once, beside what waits. Undefined: there is no such webhook. Never rejects. */
  test(name: string, by: string): Promise<Posted | undefined>;
  /** Behind all writes. Never rejects. */
  close(): Promise<void>;
}

const saveAfterMs = 500;
/** Told of a webhook, so not to it. */
const ofWebhooks: ReadonlySet<EventName> = new Set<EventName>([
  "WebhookFailing",
  "WebhookRecovered",
  "WebhookEventsLost",
  "WebhookGone",
]);

interface Hook {
  readonly queue: WebhookQueue;
  readonly sender: WebhookSender;
}

export function openWebhooks(options: {
  /** Created with the first event there is to tell. */
  readonly directory: string;
  readonly hostname: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly http: HttpRequest;
  readonly events: Events;
  readonly settings: readonly WebhookSettings[];
  /** Of several nodes: what they tell once. */
  readonly notices?: SharedNotices | undefined;
  /** The time by which events waited too long. Default: the clock on the wall. */
  readonly agedBy?: () => number;
}): Webhooks {
  const { hostname, clock, random, http, events, notices } = options;
  const { agedBy = () => clock.wall().getTime() } = options;
  const store = openWebhookStore(options.directory, (what) => failed(what));
  /** By name in lower case. */
  let hooks = new Map<string, Hook>();
  let wanting = new Map<EventName, readonly Hook[]>();
  const closing = new AbortController();
  let unsaved = new Map<string, BatchChange>();
  let saving: Promise<void> = Promise.resolve();
  let saveTimer: Timer | undefined;
  let isFaulty = false;
  let isStarted = false;
  let loading: Promise<void> = Promise.resolve();

  const failed = (fault: unknown): void => {
    if (isFaulty) return;
    isFaulty = true;
    events.emit("WebhookQueueFault", { error: fault instanceof Error ? fault.message : String(fault) });
  };
  const save = (): Promise<void> => {
    saveTimer?.cancel();
    saveTimer = undefined;
    return (saving = saving.then(async () => {
      if (unsaved.size === 0) return;
      const changes = [...unsaved.values()];
      unsaved = new Map();
      try {
        await store.save(changes);
        isFaulty = false;
      } catch (fault) {
        for (const change of changes) {
          const key = `${change.name}\n${change.id}`;
          if (!unsaved.has(key)) unsaved.set(key, change);
        }
        failed(fault);
      }
    }));
  };
  const changed = (name: string, batch: Batch, isGone: boolean): void => {
    unsaved.set(`${name}\n${batch.id}`, { name, id: batch.id, batch: isGone ? undefined : batch });
    saveTimer ??= clock.after(saveAfterMs, () => void save());
  };

  const send = (
    settings: WebhookSettings,
    id: string,
    telling: Omit<Telling, "relay">,
    signal: AbortSignal,
  ) => post(settings, { id, telling: { relay: hostname, ...telling } }, { http, clock, signal });

  const createHook = (settings: WebhookSettings): Hook => {
    const name = settings.name.toLowerCase();
    const queue = createWebhookQueue((batch, isGone) => changed(name, batch, isGone));
    const sender = createWebhookSender(settings, {
      queue,
      clock,
      agedBy,
      random,
      events,
      toldByOthers: notices && ((now, batch) => toldByOthers(notices, now, batch)),
      post: (now, { id, sinceMs, entries, more }, signal) =>
        send(now, id, { atMs: sinceMs, isTest: false, entries, more }, signal),
    });
    return { queue, sender };
  };

  const listen = (): void => {
    const enabled = [...hooks.values()].filter(({ sender }) => sender.settings.enabled);
    wanting = new Map();
    if (enabled.length === 0) return;
    for (const [name, definition] of Object.entries(catalogue) as [EventName, EventRecord["definition"]][]) {
      const those = enabled.filter(({ sender }) => isChosen(sender.settings.events, definition));
      if (those.length > 0) wanting.set(name, those);
    }
  };

  const drop = ({ queue, sender }: Hook): void => {
    sender.close();
    for (const batch of queue.batches) queue.remove(batch);
  };

  const configure = (all: readonly WebhookSettings[]): void => {
    const before = hooks;
    hooks = new Map();
    for (const settings of all) {
      const name = settings.name.toLowerCase();
      const hook = before.get(name);
      before.delete(name);
      if (hook !== undefined && !isDeepStrictEqual(hook.sender.settings, settings))
        hook.sender.reconfigure(settings);
      hooks.set(name, hook ?? createHook(settings));
    }
    for (const hook of before.values()) drop(hook);
    listen();
  };

  const load = async (): Promise<void> => {
    for (const [name, batches] of await store.load()) {
      const hook = hooks.get(name);
      if (hook === undefined) for (const batch of batches) changed(name, batch, true);
      else {
        hook.queue.addEarlier(batches);
        hook.sender.wake();
      }
    }
  };

  configure(options.settings);
  return {
    heard(record) {
      const those = wanting.get(record.name);
      if (those === undefined) return;
      for (const { queue, sender } of those) {
        if (ofWebhooks.has(record.name) && record.fields["webhook"] === sender.settings.name) continue;
        queue.add(record);
        if (isStarted) sender.wake();
      }
    },
    start() {
      return (loading = load()
        .catch(failed)
        .then(() => {
          isStarted = true;
          if (!closing.signal.aborted) for (const { sender } of hooks.values()) sender.wake();
        }));
    },
    reconfigure: configure,
    states: () => Array.from(hooks.values(), ({ sender }) => sender.state),
    async test(name, by) {
      const hook = hooks.get(name.trim().toLowerCase());
      if (hook === undefined) return undefined;
      const { settings } = hook.sender;
      const at = clock.wall();
      const event = eventToTell({
        name: "WebhookTested",
        definition: catalogue.WebhookTested,
        at,
        fields: { webhook: settings.name, who: by },
      });
      const atMs = at.getTime();
      const entries = [{ event, count: 1, firstAtMs: atMs, lastAtMs: atMs }];
      const telling = { atMs, isTest: true, entries, more: [] };
      const posted = await send(settings, newBatchId(), telling, closing.signal);
      hook.sender.tested(posted);
      return posted;
    },
    async close() {
      closing.abort();
      for (const { sender } of hooks.values()) sender.close();
      await loading;
      await save();
      await store.close();
    },
  };
}

/** Of a batch, by key. While nobody answers this node tells all of it. Never rejects. */
async function toldByOthers(
  notices: SharedNotices,
  { name, groupInterval }: WebhookSettings,
  batch: Batch,
): Promise<readonly string[]> {
  const shared = batch.keys().flatMap(([key, event]) => {
    const forMs = silenceOfOthers(event.name, groupInterval);
    return forMs === undefined ? [] : [{ key, forMs }];
  });
  if (shared.length === 0) return [];
  try {
    const mine = await notices.claim(
      shared.map(({ key, forMs }) => ({ key: `${name.toLowerCase()}\n${key}`, forMs })),
    );
    return shared.filter((_, index) => mine[index] === false).map(({ key }) => key);
  } catch {
    return [];
  }
}
