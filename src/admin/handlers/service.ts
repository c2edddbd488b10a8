/** The relay as a whole: about, transport settings, queues, configuration file. */
import { plainTransport, settingChanges } from "../../config/plain-settings.ts";
import { transportKinds } from "../../config/setting-kinds.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import { version } from "../../version.ts";
import type { Administered, Handlers } from "../administered.ts";
import { AdminRefusal } from "../refusal.ts";
import {
  changeConfiguration,
  changeOf,
  changeOutput,
  configurationOf,
  settled,
  shownFault,
} from "./change.ts";
import { origins, shownSection } from "./connector-settings.ts";

type Names =
  | "about"
  | "getTransportService"
  | "setTransportService"
  | "listQueues"
  | "retryQueue"
  | "getConfiguration"
  | "checkConfiguration"
  | "reloadConfiguration";

export function serviceHandlers(administered: Administered): Pick<Handlers, Names> {
  const { relay, clock, startedAt, configuration } = administered;
  /** A time of the steady clock on the wall. */
  const instant = (at: number | undefined): string | null =>
    at === undefined ? null : new Date(clock.wall().getTime() + at - clock.now()).toISOString();

  return {
    about: () => ({
      version,
      pid: process.pid,
      hostname: relay.settings.hostname,
      startedAt: startedAt.toISOString(),
      configFile: configuration?.file ?? null,
      dataDirectory: relay.settings.dataDirectory,
      listeners: relay.listeners().map(formatEndpoint),
      sessions: relay.sessions,
      queued: relay.queued,
    }),
    getTransportService: () => {
      const settings = plainTransport(relay.settings.transport);
      return {
        settings: shownSection(settings),
        origins: origins(administered, "transport", undefined, settings),
        kinds: transportKinds,
      };
    },
    setTransportService: ({ settings, whatIf }) =>
      changeConfiguration(administered, { kind: "setSection", section: "transport", settings }, whatIf, {
        changes: ({ before, after }) =>
          settingChanges(plainTransport(before.settings.transport), plainTransport(after.settings.transport)),
      }),
    listQueues: () => ({
      queues: relay.queues().map((queue) => ({
        identity: queue.identity,
        deliveryType: queue.deliveryType,
        nextHop: queue.nextHop,
        connector: queue.connector ?? null,
        status: queue.status,
        messages: queue.messages,
        running: queue.running,
        waiting: queue.waiting,
        retryCount: queue.retryCount,
        lastError: queue.lastError ?? null,
        firstRetryAt: instant(queue.firstRetryAt),
        lastRetryAt: instant(queue.lastRetryAt),
        nextRetryAt: instant(queue.nextRetryAt),
      })),
    }),
    retryQueue: ({ identity }) => {
      if (identity === undefined) return { queues: relay.retryNow() };
      const wanted = identity.toLowerCase();
      const found = relay.queues().find((queue) => queue.identity.toLowerCase() === wanted);
      if (found === undefined) throw new AdminRefusal("notFound", `there is no queue ${identity}`);
      return { queues: relay.retryNow(found.queue) };
    },
    getConfiguration: () => {
      const { file, applied } = configurationOf(administered);
      return { file, text: applied.text };
    },
    checkConfiguration: async ({ text }) => {
      const result = await settled(configurationOf(administered).check(text));
      return {
        ok: result.ok,
        faults: result.ok ? [] : result.faults.map(shownFault),
        warnings: (result.warnings ?? []).map(shownFault),
      };
    },
    reloadConfiguration: async () => {
      const live = configurationOf(administered);
      return changeOutput(live, changeOf(live, await settled(live.reload())), { whatIf: false });
    },
  };
}
