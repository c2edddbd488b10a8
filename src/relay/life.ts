/**
 * A relay's life behind its building: it is started once, reconfigured any number of times, one after the other, and stopped once,
 * whatever it is doing then.
 */
import { RelayStoppingError } from "../config/relay-stopping.ts";
import type { Settings } from "../config/settings.ts";
import { listeningText } from "../core/policy/listening-endpoint.ts";
import { isOpenRelay } from "../core/policy/open-relay.ts";
import { levelNumbers } from "../events/event-level.ts";
import type { EventLog } from "../events/event-log.ts";
import { httpTls } from "../http/http-listeners.ts";
import type { Observation } from "../metrics/observation.ts";
import { atMost } from "../ports/at-most.ts";
import { createInTurn } from "../ports/in-turn.ts";
import type { Relay } from "../relay-contract.ts";
import { version } from "../version.ts";
import type { RelayParts } from "./build-parts.ts";
import { pickupSettings, receiverSettings } from "./station-settings.ts";

export type RelayLife = Pick<Relay, "start" | "reconfigure" | "onReconfigured" | "stop">;

const defaultGraceMs = 20_000;

export function createLife(parts: RelayParts, observation: Observation): RelayLife {
  const followers = new Set<(settings: Settings) => Promise<void>>();
  const inTurn = createInTurn();
  let reconfiguring: Promise<void> = Promise.resolve();
  let stopping: Promise<void> | undefined;

  return {
    start: () => start(parts, observation),
    reconfigure(next) {
      if (stopping !== undefined) return Promise.reject(new RelayStoppingError());
      return (reconfiguring = inTurn(async () => {
        for (const step of reconfiguration(next, parts, observation, followers)) {
          if (stopping !== undefined) throw new RelayStoppingError();
          await step();
        }
      }));
    },
    onReconfigured(listener) {
      followers.add(listener);
      return () => void followers.delete(listener);
    },
    stop: (reason = "asked to", graceMs = defaultGraceMs) =>
      (stopping ??= stop(parts, observation, reconfiguring, reason, graceMs)),
  };
}

async function start(parts: RelayParts, observation: Observation): Promise<void> {
  const { changing, events, service, receiver, pickup, sender, resources, webhooks } = parts;
  const { spool, lmdb } = parts.opened;
  const { settings } = changing;
  warnOfOpenRelays(settings, events);
  await resources.start();
  await monitorBy(settings, parts, observation);
  // Before anybody delivers what may lie there yet.
  await pickup.recover();
  const failures = await receiver.start();
  if (receiver.listeners.length === 0 && failures.length > 0) {
    const named = failures.map(({ endpoint, reason }) => `${listeningText(endpoint)}: ${reason}`);
    throw new Error(`cannot listen on any endpoint (${named.join("; ")})`);
  }
  sender.start();
  pickup.start();
  observation.start();
  parts.inventory.start(parts.traffic);
  void webhooks.start();
  void lmdb?.sweepOrphans().then((files) => {
    if (files > 0) events.emit("SpoolOrphansSwept", { files });
  });
  changing.phase = "running";
  if (service.now !== undefined)
    events.emit("ServiceSuspended", { who: service.now.by, since: service.now.since });
  events.emit("RelayStarted", {
    version,
    hostname: changing.settings.hostname,
    recovered: spool.recovered,
  });
}

/** What takes no time, and then the steps that do: each before the next, so that mail is never taken that nobody carries. */
function reconfiguration(
  next: Settings,
  parts: RelayParts,
  observation: Observation,
  followers: ReadonlySet<(settings: Settings) => Promise<void>>,
): readonly (() => Promise<void>)[] {
  const { changing, events, receiver, pickup, sender } = parts;
  changing.settings = next;
  changing.levels = levelNumbers(next.diagnostics.levels);
  events.setLevels(next.diagnostics.levels);
  warnOfOpenRelays(next, events);
  parts.resources.reconfigure(next.transport);
  parts.tracking.reconfigure(next.transport);
  parts.traffic.reconfigure(next.transport);
  parts.inventory.reconfigure(next);
  parts.webhooks.reconfigure(next.webhooks);
  return [
    async () => void (await receiver.reconfigure(receiverSettings(next))),
    () => pickup.reconfigure(pickupSettings(next)),
    () => sender.reconfigure(next),
    () => monitorBy(next, parts, observation),
    ...[...followers].map((follow) => () => follow(next)),
  ];
}

/** What comes in and what goes out first, then what both need, last what tells of it. */
async function stop(
  parts: RelayParts,
  observation: Observation,
  reconfiguring: Promise<void>,
  reason: string,
  graceMs: number,
): Promise<void> {
  const { changing, clock, events, receiver, pickup, sender, scheduler, opened } = parts;
  changing.phase = "stopping";
  events.emit("RelayStopping", {
    reason,
    seconds: Math.round(graceMs / 1000),
    sessions: receiver.sessions,
    deliveries: scheduler.running,
  });
  parts.resources.stop();
  await Promise.all([
    receiver.stop(graceMs),
    pickup.stop(),
    sender.stop(graceMs),
    atMost(
      clock,
      graceMs,
      reconfiguring.catch(() => undefined),
    ),
  ]);
  const { legacyTls, recipientDays, apiKeys } = parts;
  await Promise.all([sender.close(), legacyTls.close(), recipientDays.close(), apiKeys.close()]);
  await observation.stop();
  parts.certificates.close();
  await Promise.all([parts.receiveLog.close(), parts.sendLog.close()]);
  const queued = opened.spool.size;
  await opened.close();
  await parts.tracking.close();
  await parts.traffic.close();
  await parts.inventory.close();
  changing.phase = "stopped";
  events.emit("RelayStopped", { queued });
  await parts.webhooks.close();
  await parts.eventStore.close();
  await parts.retention.close();
}

/** Metrics and health are served where these settings say. */
async function monitorBy(
  { metrics: { tls, ...where } }: Settings,
  { certificates }: RelayParts,
  { monitoring }: Observation,
): Promise<void> {
  await certificates.load("metrics", tls === undefined || where.listen.length === 0 ? [] : [tls]);
  await monitoring.apply(where, httpTls(certificates, tls));
}

function warnOfOpenRelays(settings: Settings, events: EventLog): void {
  for (const connector of settings.receiveConnectors) {
    if (!isOpenRelay(connector)) continue;
    events.emit("OpenRelayWarning", {
      connector: connector.name,
      ranges: connector.remoteIpRanges.map(({ text }) => text).join(", "),
    });
  }
}
