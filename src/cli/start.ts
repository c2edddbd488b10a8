/** `weir start`: runs the relay, applies the configuration file whenever it is saved, stops on SIGTERM and SIGINT. */
import { readFile } from "node:fs/promises";
import { describeChanges, needsRestart } from "../config/changes.ts";
import { formatFault } from "../config/fault.ts";
import { parseConfig } from "../config/parse-config.ts";
import type { Settings } from "../config/settings.ts";
import { watchFile, type FileWatch } from "../config/watch.ts";
import { createEventLog, type EventLog } from "../events/event-log.ts";
import { createStderrSink } from "../events/stderr-sink.ts";
import { createSystemClock } from "../ports/system-ports.ts";
import { createRelay, type Relay } from "../relay.ts";
import { chooseConfigFile, writeDefaultConfig } from "./config-file.ts";
import { welcome } from "./welcome.ts";

export interface StartOptions {
  readonly config?: string | undefined;
  readonly logFormat: "human" | "json";
}

/** Of the 30 s a stop may take, what sessions and deliveries get. */
const graceMs = 20_000;

export async function startCommand(options: StartOptions): Promise<number> {
  const { file, chosen } = await chooseConfigFile(options.config);
  const isNew = !chosen && (await writeDefaultConfig(file));
  const parsed = await read(file);
  if (!parsed.ok) {
    for (const fault of parsed.faults) process.stderr.write(`${formatFault(fault, file)}\n`);
    process.stderr.write(`weir: ${file} has ${parsed.faults.length} faults; nothing was started\n`);
    return 1;
  }
  for (const warning of parsed.warnings) process.stderr.write(`warning: ${formatFault(warning, file)}\n`);
  warnOfOldNode();

  const events = createEventLog({ clock: createSystemClock(), levels: parsed.settings.diagnostics.levels });
  const sink = createStderrSink({ format: options.logFormat === "json" ? "json" : "text" });
  events.subscribe(sink.listen);
  const survive = surviveFaults(events);
  let relay: Relay | undefined;
  let watch: FileWatch | undefined;
  try {
    relay = await createRelay(parsed.settings, {}, { events });
    await relay.start();
    process.stderr.write(
      welcome({
        settings: relay.settings,
        listeners: relay.listeners(),
        file,
        isNew,
        format: options.logFormat,
      }),
    );
    watch = followConfiguration(file, relay);
    const reason = await stopAsked();
    await relay.stop(reason, graceMs);
    return 0;
  } catch (fault) {
    process.stderr.write(`weir: ${fault instanceof Error ? fault.message : String(fault)}\n`);
    await relay?.stop("the start failed", 0);
    return 1;
  } finally {
    watch?.close();
    survive.end();
    await sink.flush();
  }
}

type Parsed = ReturnType<typeof parseConfig>;

async function read(file: string): Promise<Parsed> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (fault) {
    const message = `cannot be read: ${fault instanceof Error ? fault.message : String(fault)}`;
    return { ok: false, faults: [{ path: "", line: 1, column: 1, message }] };
  }
  return parseConfig(text, { file });
}

/** Applies the file when it is saved, and on SIGHUP. A bad file is told and changes nothing. */
function followConfiguration(file: string, relay: Relay): FileWatch {
  let applying = Promise.resolve();
  let applied: Settings = relay.settings;

  const apply = async (): Promise<void> => {
    const parsed = await read(file);
    if (!parsed.ok) {
      relay.events.emit("ConfigurationRejected", {
        file,
        count: parsed.faults.length,
        faults: parsed.faults.map((fault) => formatFault(fault, file)).join("; "),
      });
      return;
    }
    const { settings } = parsed;
    const changes = describeChanges(applied, settings);
    const later = needsRestart(applied, settings);
    const { hostname, dataDirectory } = applied;
    await relay.reconfigure({ ...settings, hostname, dataDirectory });
    applied = relay.settings;
    relay.events.emit("ConfigurationApplied", {
      file,
      changes: later.length === 0 ? changes : `${changes} (${later.join(" and ")} from the next start on)`,
    });
  };

  const enqueue = (): void => {
    applying = applying.then(apply).catch((fault: unknown) => {
      relay.events.emit("RelayFault", { where: "applying the configuration", error: String(fault) });
    });
  };
  process.on("SIGHUP", enqueue);
  const watch = watchFile(file, enqueue);
  return {
    close() {
      process.removeListener("SIGHUP", enqueue);
      watch.close();
    },
  };
}

/** Resolves with the reason; a second signal ends the process at once. */
function stopAsked(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(signal);
      });
    }
  });
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
