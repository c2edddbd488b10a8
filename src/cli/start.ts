/** `weir start`: runs the relay, applies the configuration file whenever it is saved, stops on SIGTERM and SIGINT. */
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { answeringSocket } from "../admin/answering-socket.ts";
import type { Admin } from "../admin/open-admin.ts";
import { type Fault, formatFault } from "../config/fault.ts";
import { createLiveConfiguration } from "../config/live-configuration.ts";
import type { Settings } from "../config/settings.ts";
import type { FileWatch } from "../config/watch.ts";
import { createEventLog, type EventLog } from "../events/event-log.ts";
import { counted } from "../core/units/counted.ts";
import { openLogSink } from "../events/sinks/log-sink.ts";
import { whyPathPasses } from "../ports/mount.ts";
import { DatabaseFault } from "../ports/database-fault.ts";
import { createSystemClock } from "../ports/system-ports.ts";
import { createRelay } from "../relay.ts";
import type { Relay } from "../relay-contract.ts";
import { giveMemoryBack } from "../resources/give-memory-back.ts";
import { chooseConfigFile, writeDefaultConfig } from "./config-file.ts";
import { type OpenedConfiguration, openConfiguration } from "./configuration-source.ts";
import { ownerIfForeign } from "./data-owner.ts";
import type { ServiceManager } from "./service-manager/service-manager.ts";
import { welcome } from "./welcome.ts";

export interface StartOptions {
  readonly config?: string | undefined;
  /** As given, in place of what the configuration says. */
  readonly logFormat: "human" | "json" | "journal" | undefined;
  /** Writes the file though it was named, where there is none. */
  readonly createConfig?: boolean;
}

/** So long a start waits for a database that fails over. */
const databasePatienceMs = 60_000;
/** Doors alone have a start's first time. */
const greetingMs = 15;
/** Of the 30 s a stop may take, what sessions and deliveries get. */
const graceMs = 20_000;

export async function startCommand(options: StartOptions): Promise<number> {
  const { file, chosen } = await chooseConfigFile(options.config);
  let isNew = false;
  try {
    isNew = (!chosen || options.createConfig === true) && (await writeDefaultConfig(file));
  } catch (fault) {
    process.stderr.write(`weir: ${fault instanceof Error ? fault.message : String(fault)}\n`);
    return 1;
  }
  let opened: OpenedConfiguration;
  const readAtMs = Date.now();
  try {
    opened = await openConfiguration(file, databasePatienceMs, (reason) =>
      process.stderr.write(`weir: ${reason}; it is tried again for ${databasePatienceMs / 1000} s\n`),
    );
  } catch (fault) {
    const message = fault instanceof Error ? fault.message : String(fault);
    if (fault instanceof DatabaseFault) {
      process.stderr.write(`weir: ${message}; nothing was started\n`);
      return 1;
    }
    return notStarted(file, [{ path: "", line: 1, column: 1, message }]);
  }
  const { store, written, parsed, shared, behind } = opened;
  const place = shared?.isWritten === true ? store.place : file;
  if (!parsed.ok) {
    opened.close();
    return notStarted(place, parsed.faults);
  }
  for (const warning of parsed.warnings) process.stderr.write(`warning: ${formatFault(warning, place)}\n`);
  if (shared?.isWritten === false)
    process.stderr.write(
      "warning: the nodes share no configuration yet, and each has its own; weir cluster init makes one of this node's, which all take at their next start\n",
    );
  warnOfOldNode();

  const events = createEventLog({ clock: createSystemClock(), levels: parsed.settings.diagnostics.levels });
  const { logFormat } = options;
  const log = await openLogSink({
    settings: parsed.settings.logging,
    hostname: parsed.settings.hostname,
    format: logFormat === "human" ? "text" : logFormat,
  });
  events.subscribe(log.listen);
  if (behind !== undefined)
    events.emit("StartedWithEarlierConfiguration", {
      version: written.version,
      newest: behind.newest,
      faults: behind.faults.map((fault) => formatFault(fault, place)).join("; "),
    });
  const survive = surviveFaults(events);
  const stop = stopAsked();
  const manager = await whoStartedThis();
  const keepMemory = giveMemoryBack(createSystemClock());
  let relay: Relay | undefined;
  let watch: FileWatch | undefined;
  let admin: Admin | undefined;
  try {
    const { dataDirectory } = parsed.settings;
    const foreign = await ownerIfForeign(dataDirectory);
    if (foreign !== undefined) throw new Error(foreign);
    const answering = await answeringSocket(dataDirectory);
    if (answering !== undefined)
      throw new Error(`a relay runs with ${dataDirectory} already: it answers on ${answering}`);
    await warnOfPassingSpool(parsed.settings, events);
    relay = await createRelay(parsed.settings, {}, { events, messageLog: log });
    relay.onReconfigured(({ logging }) => log.reconfigure(logging));
    await relay.start();
    const configuration = createLiveConfiguration({ store, written, parsed, relay, readAtMs });
    // Behind the listeners, and behind whom they let in by now: mail need not wait for what people look at.
    await nextTurn();
    watch = configuration.follow();
    const { openAdmin } = await loadAdmin();
    // What a service prints, and logs in JSON, are kept somewhere: no token is put there.
    const isRead = log.format === "text" && manager === undefined;
    admin = await openAdmin({
      relay,
      configuration,
      ...(shared === undefined ? {} : { tokens: shared.tokens }),
      makeFirstToken: isRead,
      stopping: { ask: stop.ask, graceMs },
    });
    process.stderr.write(
      welcome({
        settings: relay.settings,
        listeners: relay.listeners(),
        console: admin.console,
        monitoring: relay.monitoring(),
        file,
        isNew,
        isRead,
      }),
    );
    manager?.ready(stateOf(relay));
    const reason = await stop.asked;
    manager?.stopping();
    await admin.close();
    await relay.stop(reason, graceMs);
    return 0;
  } catch (fault) {
    process.stderr.write(`weir: ${fault instanceof Error ? fault.message : String(fault)}\n`);
    await relay?.stop("the start failed", 0);
    return 1;
  } finally {
    watch?.close();
    await admin?.close();
    opened.close();
    survive.end();
    keepMemory();
    await log.close();
  }
}

/** The exit code. */
function notStarted(place: string, faults: readonly Fault[]): number {
  for (const fault of faults) process.stderr.write(`${formatFault(fault, place)}\n`);
  process.stderr.write(
    `weir: ${place} has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}; nothing was started\n`,
  );
  return 1;
}

/**
 * Who asks again and again for a port that was closed comes in the first milliseconds. Then a piece at a time, and whoever
 * comes meanwhile is greeted between two of them.
 */
async function loadAdmin() {
  await delay(greetingMs);
  // Node makes these of some forty files, when they are first asked for.
  void globalThis.Request;
  await nextTurn();
  await import("node:http2");
  await nextTurn();
  const admin = await import("../admin/open-admin.ts");
  await nextTurn();
  return admin;
}

/** Rejects where the settings do not allow it. */
async function warnOfPassingSpool(
  { dataDirectory, requirePersistentSpool, cluster }: Settings,
  events: EventLog,
): Promise<void> {
  // The database has the mail.
  if (cluster !== undefined) return;
  // A part of it may be a link to another disk, or be mounted from one.
  const places = [
    dataDirectory,
    ...["spool", "spool/journal", "spool/bodies"].map((it) => join(dataDirectory, it)),
  ];
  const reasons = await Promise.all(places.map(whyPathPasses));
  const at = reasons.findIndex((it) => it !== undefined);
  const [directory, reason] = [places[at], reasons[at]];
  if (directory === undefined || reason === undefined) return;
  if (requirePersistentSpool)
    throw new Error(
      `${directory === dataDirectory ? "the data directory " : ""}${directory} does not last (requirePersistentSpool): ${reason}. Mount a volume there`,
    );
  events.emit("SpoolNotPersistent", { directory, reason });
}

/** Undefined: not a unit of systemd that waits to be told. */
async function whoStartedThis(): Promise<ServiceManager | undefined> {
  if (!process.env["NOTIFY_SOCKET"]) return undefined;
  const { sendBySystemdNotify, serviceManager } = await import("./service-manager/service-manager.ts");
  return serviceManager({
    clock: createSystemClock(),
    env: process.env,
    pid: process.pid,
    send: sendBySystemdNotify,
    complain: (reason) =>
      process.stderr.write(`warning: systemd cannot be told how the relay does: ${reason}\n`),
  });
}

/** What `systemctl status` shows. */
function stateOf(relay: Relay): () => string {
  return () => {
    const { queued, sessions, suspension } = relay;
    const state = suspension === undefined ? "takes mail" : "suspended: takes no new mail";
    return `${state}; ${counted(queued, "message waits", "messages wait")}, ${counted(sessions, "session is", "sessions are")} open`;
  };
}

/** `asked` resolves with the reason, by a signal or by `ask`; a second signal ends the process at once. */
function stopAsked(): { readonly asked: Promise<string>; readonly ask: (reason: string) => void } {
  let ask: (reason: string) => void = () => undefined;
  const asked = new Promise<string>((resolve) => {
    ask = resolve;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(signal);
      });
    }
  });
  return { asked, ask };
}

/**
 * A bug in one place must not take down the sessions of all others: it is told as an error event and the relay
 * goes on. What was acknowledged is on disk either way.
 */
function surviveFaults(events: EventLog): { end(): void } {
  const tell = (where: string) => (fault: unknown) => {
    events.emit("RelayFault", {
      where,
      error: fault instanceof Error ? (fault.stack ?? fault.message) : String(fault),
    });
  };
  const exception = tell("the process");
  const rejection = tell("a promise nobody waits for");
  process.on("uncaughtException", exception);
  process.on("unhandledRejection", rejection);
  return {
    end() {
      process.removeListener("uncaughtException", exception);
      process.removeListener("unhandledRejection", rejection);
    },
  };
}

function warnOfOldNode(): void {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 22) {
    process.stderr.write(
      `warning: Node ${process.versions.node} gets no security fixes any more; Weir runs, and Node 24 is recommended\n`,
    );
  }
}
