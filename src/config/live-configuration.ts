/**
 * The configuration file of a running relay: whoever changes it (an editor, a signal, the admin API), it is read,
 * checked, applied and told here, one change at a time.
 */
import { isDeepStrictEqual } from "node:util";
import type { Endpoint } from "../core/policy/receive-connector.ts";
import type { Events } from "../events/events.ts";
import type { EventLog } from "../events/event-log.ts";
import { renderEvent } from "../events/event-text.ts";
import { createInTurn } from "../ports/in-turn.ts";
import { describeChanges, needsRestart } from "./changes.ts";
import { type ConfigurationEdit, editConfiguration, type EditResult } from "./edit.ts";
import { ConfigurationFileError, readConfigurationText, replaceConfigurationText } from "./edit-file.ts";
import { type Fault, formatFault } from "./fault.ts";
import { type ConfigResult, type Origins, parseConfig } from "./parse-config.ts";
import { RelayStoppingError } from "./relay-stopping.ts";
import type { Settings } from "./settings.ts";
import { unifiedDiff } from "./unified-diff.ts";
import { filesReadWith } from "./named-files.ts";
import { type FileWatch, watchFile } from "./watch.ts";
import { watchFiles } from "./watch-files.ts";

/** What holds, and the text it stands in. */
export interface AppliedConfiguration {
  readonly text: string;
  readonly settings: Settings;
  readonly origins: Origins;
  readonly warnings: readonly Fault[];
}

export interface Change {
  readonly before: AppliedConfiguration;
  readonly after: AppliedConfiguration;
  /** Of the file's text, unified. */
  readonly diff: string;
  /** False: only looked at, or the same as before. */
  readonly applied: boolean;
  /** What went wrong while it was applied, such as a listener that could not be opened. */
  readonly problems: readonly string[];
  /** Endpoints that receive connectors which were changed want, and that could not be opened. */
  readonly notListening: readonly { readonly endpoint: Endpoint; readonly reason: string }[];
  /** Settings that hold from the next start on. */
  readonly needsRestart: readonly string[];
}

export type ChangeOutcome =
  | ({ readonly kind: "changed" } & Change)
  | { readonly kind: "faults"; readonly faults: readonly Fault[] }
  | { readonly kind: "refused"; readonly refused: Exclude<EditResult, { ok: true }> };

/** The part of a relay that settings are applied to. */
export interface Configurable {
  readonly settings: Settings;
  /** Rejects with RelayStoppingError. */
  reconfigure(settings: Settings): Promise<void>;
  failedListeners(): readonly {
    readonly endpoint: Endpoint;
    readonly connectors: readonly string[];
    readonly reason: string;
  }[];
  readonly events: Pick<EventLog, "subscribe"> & Events;
}

export interface LiveConfiguration {
  readonly file: string;
  readonly applied: AppliedConfiguration;
  /** Why the file as it is now was not applied; empty: it was. */
  readonly rejected: readonly Fault[];
  /**
   * Edits the file, all of the edits or none, and applies it before it resolves. `whatIf`: only tells what would be.
   * Rejects with ConfigurationFileError.
   */
  edit(edits: ConfigurationEdit | readonly ConfigurationEdit[], whatIf: boolean): Promise<ChangeOutcome>;
  /** Reads and applies the file, though it be the same: files it names may have changed. Rejects with ConfigurationFileError. */
  reload(): Promise<ChangeOutcome>;
  /** Checks a text, or the file as it is. Rejects with ConfigurationFileError. */
  check(text?: string): Promise<ConfigResult>;
  /**
   * Applies the file whenever it is saved or a secret it names is another, and on SIGHUP, until closed. `pollMs`: how often
   * secrets are looked at, default 10 s.
   */
  follow(pollMs?: number): FileWatch;
}

/** `text` is the file's as it was when the relay's settings were read from it. */
export function createLiveConfiguration(options: {
  readonly file: string;
  readonly text: string;
  readonly parsed: Extract<ConfigResult, { ok: true }>;
  readonly relay: Configurable;
}): LiveConfiguration {
  const { file, relay } = options;
  let applied: AppliedConfiguration = { text: options.text, ...options.parsed };
  let rejected: readonly Fault[] = [];
  const inTurn = createInTurn();

  const apply = async (text: string, parsed: Extract<ConfigResult, { ok: true }>): Promise<Change> => {
    const before = applied;
    const later = needsRestart(before.settings, parsed.settings);
    const { hostname, dataDirectory } = relay.settings;
    const fixed = parseConfig(text, { file, fixed: { hostname, dataDirectory } });
    const inForce = fixed.ok ? fixed.settings : { ...parsed.settings, hostname, dataDirectory };
    const changes = describeChanges(before.settings, {
      ...inForce,
      hostname: parsed.settings.hostname,
      dataDirectory: parsed.settings.dataDirectory,
    });
    const problems = await collectProblems(relay, () => relay.reconfigure(inForce));
    applied = {
      text,
      settings: relay.settings,
      origins: parsed.origins,
      warnings: parsed.warnings,
    };
    rejected = [];
    relay.events.emit("ConfigurationApplied", {
      file,
      changes: later.length === 0 ? changes : `${changes} (${later.join(" and ")} from the next start on)`,
    });
    const diff = unifiedDiff(before.text, text);
    const changed = changedConnectors(before.settings, applied.settings);
    const notListening = relay
      .failedListeners()
      .filter(({ connectors }) => connectors.some((name) => changed.has(name)));
    return { before, after: applied, diff, applied: true, problems, notListening, needsRestart: later };
  };

  const tellFaults = (faults: readonly Fault[]): void => {
    rejected = faults;
    const said = (some: readonly Fault[]): string => some.map((fault) => formatFault(fault, file)).join("; ");
    relay.events.emit("ConfigurationRejected", { file, count: faults.length, faults: said(faults) });
    const receive = faults.filter(({ path }) => path.startsWith("receiveConnectors"));
    if (receive.length > 0) relay.events.emit("SmtpReceiveConfigurationInvalid", { error: said(receive) });
  };

  const reload = async (onlyIfChanged: boolean): Promise<ChangeOutcome | undefined> => {
    const text = await readConfigurationText(file);
    // A file that is put back as it was is applied again, which ends the rejection for whoever heard of it.
    if (onlyIfChanged && text === applied.text && rejected.length === 0) return undefined;
    const parsed = parseConfig(text, { file });
    if (parsed.ok) return { kind: "changed", ...(await apply(text, parsed)) };
    tellFaults(parsed.faults);
    return { kind: "faults", faults: parsed.faults };
  };

  const edit = async (
    wanted: ConfigurationEdit | readonly ConfigurationEdit[],
    whatIf: boolean,
  ): Promise<ChangeOutcome> => {
    const text = await readConfigurationText(file);
    const edited = editConfiguration(text, wanted);
    if (!edited.ok) return { kind: "refused", refused: edited };
    const parsed = parseConfig(edited.text, { file });
    if (!parsed.ok) return { kind: "faults", faults: parsed.faults };
    if (whatIf || (edited.text === text && text === applied.text)) {
      return {
        kind: "changed",
        before: applied,
        after: { text: edited.text, ...parsed },
        diff: unifiedDiff(text, edited.text),
        applied: false,
        problems: [],
        notListening: [],
        needsRestart: needsRestart(applied.settings, parsed.settings),
      };
    }
    if (edited.text !== text) await replaceConfigurationText(file, text, edited.text);
    const change = await apply(edited.text, parsed);
    return { kind: "changed", ...change, diff: unifiedDiff(text, edited.text) };
  };

  /** For changes nobody waits for. */
  const reloadTold = (onlyIfChanged: boolean): void => {
    inTurn(() => reload(onlyIfChanged)).catch((fault: unknown) => {
      if (fault instanceof RelayStoppingError) return;
      if (fault instanceof ConfigurationFileError) {
        tellFaults([{ path: "", line: 1, column: 1, message: fault.message }]);
      } else {
        relay.events.emit("RelayFault", { where: "applying the configuration", error: String(fault) });
      }
    });
  };

  return {
    file,
    get applied() {
      return applied;
    },
    get rejected() {
      return rejected;
    },
    edit: (wanted, whatIf) => inTurn(() => edit(wanted, whatIf)),
    reload: () =>
      inTurn(async () => {
        const outcome = await reload(false);
        if (outcome === undefined) throw new Error("a reload without an outcome");
        return outcome;
      }),
    async check(text) {
      return parseConfig(text ?? (await readConfigurationText(file)), { file });
    },
    follow(pollMs) {
      // A signal applies it in any case: certificates or password files may have changed.
      const hangUp = (): void => reloadTold(false);
      process.on("SIGHUP", hangUp);
      const watch = watchFile(file, () => reloadTold(true));
      const secrets = watchFiles(
        () => filesReadWith(applied.text, file, applied.settings),
        () => reloadTold(false),
        pollMs,
      );
      return {
        close() {
          process.removeListener("SIGHUP", hangUp);
          watch.close();
          secrets.close();
        },
      };
    },
  };
}

function changedConnectors(before: Settings, after: Settings): ReadonlySet<string> {
  const earlier = new Map(before.receiveConnectors.map((connector) => [connector.name, connector]));
  return new Set(
    after.receiveConnectors
      .filter((connector) => !isDeepStrictEqual(connector, earlier.get(connector.name)))
      .map(({ name }) => name),
  );
}

const problemEvents: ReadonlySet<string> = new Set([
  "ListenerFailed",
  "TlsCertificateProblem",
  "ConsoleFault",
  "MetricsFault",
]);

async function collectProblems(relay: Configurable, run: () => Promise<void>): Promise<string[]> {
  const problems: string[] = [];
  const end = relay.events.subscribe((record) => {
    if (problemEvents.has(record.name)) problems.push(renderEvent(record));
  });
  try {
    await run();
  } finally {
    end();
  }
  return problems;
}
