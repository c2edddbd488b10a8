/**
 * The configuration of a running relay: whoever changes it (an editor, a signal, the admin API, another node), it is read,
 * checked, applied and told here, one change at a time.
 */
import { isDeepStrictEqual } from "node:util";
import type { Endpoint } from "../core/policy/receive-connector.ts";
import type { Events } from "../events/events.ts";
import type { EventLog } from "../events/event-log.ts";
import { renderEvent } from "../events/event-text.ts";
import type { ChangeAuthor } from "../ports/configuration-documents.ts";
import { createInTurn } from "../ports/in-turn.ts";
import { describeChanges, needsRestart } from "./changes.ts";
import { type ConfigurationEdit, editConfigurationInPieces, type EditResult } from "./edit.ts";
import { changeAuthor } from "./change-author.ts";
import {
  type ConfigurationHistory,
  type ConfigurationStore,
  isSameConfiguration,
  type WrittenConfiguration,
} from "./configuration-store.ts";
import { ConfigurationFileError } from "./edit-file.ts";
import { type Fault, formatFault } from "./fault.ts";
import type { ConfigResult, Origins } from "./parse-config.ts";
import { RelayStoppingError } from "./relay-stopping.ts";
import type { Settings } from "./settings.ts";
import { unifiedDiff } from "./unified-diff.ts";
import { filesReadWith } from "./named-files.ts";
import type { FileWatch } from "./watch.ts";
import { watchFiles } from "./watch-files.ts";

/** What holds, and the text it stands in. */
export interface AppliedConfiguration {
  readonly text: string;
  /** Of the shared document; 0: there is none. */
  readonly version: number;
  readonly settings: Settings;
  readonly origins: Origins;
  readonly warnings: readonly Fault[];
}

export interface Change {
  readonly before: AppliedConfiguration;
  readonly after: AppliedConfiguration;
  /** Of the text, unified. */
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
  | {
      readonly kind: "faults";
      readonly faults: readonly Fault[];
      /** They stand in this version, which this node cannot use: it was another's change, perhaps of a later release. */
      readonly ofVersion?: number;
    }
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
  /** The node's own file; relative paths start from its folder. */
  readonly file: string;
  /** What the text that commands change is called. */
  readonly place: string;
  readonly applied: AppliedConfiguration;
  /** Undefined: nobody keeps earlier versions. */
  readonly history: ConfigurationHistory | undefined;
  /** Absolute: what the configuration that holds names. */
  readonly namedFiles: readonly string[];
  /** Why the configuration as it is now was not applied; empty: it was. */
  readonly rejected: readonly Fault[];
  /**
   * Edits the text, all of the edits or none, and applies it before it resolves. `whatIf`: only tells what would be.
   * Rejects with ConfigurationFileError.
   */
  edit(edits: ConfigurationEdit | readonly ConfigurationEdit[], whatIf: boolean): Promise<ChangeOutcome>;
  /** Puts an earlier version's text in place of what is there, as a change of its own. Rejects with ConfigurationFileError. */
  restore(version: number, whatIf: boolean): Promise<ChangeOutcome>;
  /** Reads and applies the text, though it be the same: files it names may have changed. Rejects with ConfigurationFileError. */
  reload(): Promise<ChangeOutcome>;
  /** Checks a text, or that which is there. Rejects with ConfigurationFileError. */
  check(text?: string): Promise<ConfigResult>;
  /**
   * Applies the text whenever it is another or a secret it names is, and on SIGHUP, until closed. `pollMs`: how often
   * secrets are looked at, default 10 s.
   */
  follow(pollMs?: number): FileWatch & {
    /** Resolves once the present state of the secrets is known, from which on changes are applied. */
    readonly ready: Promise<void>;
  };
}

/** `written` is what the relay's settings were read from. */
export function createLiveConfiguration(options: {
  readonly store: ConfigurationStore;
  readonly written: WrittenConfiguration;
  readonly parsed: Extract<ConfigResult, { ok: true }>;
  readonly relay: Configurable;
  /** When that was begun, by the wall clock: secrets that are newer are read again. Undefined: none is. */
  readonly readAtMs?: number;
}): LiveConfiguration {
  const { store, relay, readAtMs } = options;
  const { place } = store;
  const ofWhat = store.history === undefined ? place : "all nodes";
  let held = options.written;
  let applied: AppliedConfiguration = { ...held, ...options.parsed };
  let rejected: readonly Fault[] = [];
  /** What `rejected` is of: a file that it misses may come. */
  let looked = held;
  const inTurn = createInTurn();

  const apply = async (
    written: WrittenConfiguration,
    parsed: Extract<ConfigResult, { ok: true }>,
  ): Promise<Change> => {
    const { text, version } = written;
    const before = applied;
    const later = needsRestart(before.settings, parsed.settings);
    const { hostname, dataDirectory } = relay.settings;
    const fixed = store.parse(written, { hostname, dataDirectory });
    const inForce = fixed.ok ? fixed.settings : { ...parsed.settings, hostname, dataDirectory };
    const changes = describeChanges(before.settings, {
      ...inForce,
      hostname: parsed.settings.hostname,
      dataDirectory: parsed.settings.dataDirectory,
    });
    const problems = await collectProblems(relay, () => relay.reconfigure(inForce));
    held = looked = written;
    applied = {
      text,
      version,
      settings: relay.settings,
      origins: parsed.origins,
      warnings: parsed.warnings,
    };
    rejected = [];
    relay.events.emit("ConfigurationApplied", {
      file: version === 0 ? ofWhat : `${ofWhat} (version ${version})`,
      changes: later.length === 0 ? changes : `${changes} (${later.join(" and ")} from the next start on)`,
    });
    await store.tell(written, []);
    const diff = unifiedDiff(before.text, text);
    const changed = changedConnectors(before.settings, applied.settings);
    const notListening = relay
      .failedListeners()
      .filter(({ connectors }) => connectors.some((name) => changed.has(name)));
    return { before, after: applied, diff, applied: true, problems, notListening, needsRestart: later };
  };

  const tellFaults = (faults: readonly Fault[]): void => {
    rejected = faults;
    const said = (some: readonly Fault[]): string =>
      some.map((fault) => formatFault(fault, place)).join("; ");
    relay.events.emit("ConfigurationRejected", { file: ofWhat, count: faults.length, faults: said(faults) });
    const receive = faults.filter(({ path }) => path.startsWith("receiveConnectors"));
    if (receive.length > 0) relay.events.emit("SmtpReceiveConfigurationInvalid", { error: said(receive) });
  };

  /** What is saved, and asked to be read besides, is told once; `tellAgain`: to who has no answer but the log. */
  const reload = async (onlyIfChanged: boolean, tellAgain = false): Promise<ChangeOutcome | undefined> => {
    const written = await store.read();
    // One that is put back as it was is applied again, which ends the rejection for whoever heard of it.
    if (onlyIfChanged && isSameConfiguration(written, held) && rejected.length === 0) return undefined;
    const parsed = store.parse(written);
    if (parsed.ok) return { kind: "changed", ...(await apply(written, parsed)) };
    const isTold = isSameConfiguration(written, looked) && isDeepStrictEqual(parsed.faults, rejected);
    looked = written;
    if (!isTold || tellAgain) tellFaults(parsed.faults);
    await store.tell(written, parsed.faults);
    return { kind: "faults", faults: parsed.faults };
  };

  const change = async (
    changed: (text: string) => EditResult | Promise<EditResult>,
    whatIf: boolean,
    by: ChangeAuthor,
  ): Promise<ChangeOutcome> => {
    const before = await store.read();
    const { text } = before;
    const edited = await changed(text);
    if (!edited.ok) return { kind: "refused", refused: edited };
    const after = { ...before, text: edited.text };
    const parsed = store.parse(after);
    if (!parsed.ok) {
      const isOther = before.version > 0 && edited.text !== text && !store.parse(before).ok;
      return { kind: "faults", faults: parsed.faults, ...(isOther && { ofVersion: before.version }) };
    }
    const diff = unifiedDiff(text, edited.text);
    if (whatIf || (edited.text === text && isSameConfiguration(before, held))) {
      return {
        kind: "changed",
        before: applied,
        after: { ...after, ...parsed },
        diff,
        applied: false,
        problems: [],
        notListening: [],
        needsRestart: needsRestart(applied.settings, parsed.settings),
      };
    }
    const written = edited.text === text ? before : await store.replace(before, edited.text, by);
    return { kind: "changed", ...(await apply(written, parsed)), diff };
  };

  const earlier = async (version: number): Promise<EditResult> => {
    if (store.history === undefined)
      return {
        ok: false,
        code: "notFound",
        message: `${place} has no versions; only nodes of a cluster share some`,
      };
    const found = await store.history.version(version);
    return found === undefined
      ? { ok: false, code: "notFound", message: `${place} has no version ${version}` }
      : { ok: true, text: found.text };
  };

  /** For changes nobody waits for. */
  const reloadTold = async (onlyIfChanged: boolean, tellAgain = false): Promise<void> => {
    try {
      await inTurn(() => reload(onlyIfChanged, tellAgain));
    } catch (fault) {
      if (fault instanceof RelayStoppingError) return;
      if (fault instanceof ConfigurationFileError) {
        // It is looked for again and again.
        if (rejected.length !== 1 || rejected[0]?.message !== fault.message)
          tellFaults([{ path: "", line: 1, column: 1, message: fault.message }]);
      } else {
        relay.events.emit("RelayFault", { where: "applying the configuration", error: String(fault) });
      }
    }
  };

  return {
    file: store.file,
    place,
    history: store.history,
    get applied() {
      return applied;
    },
    get namedFiles() {
      return store.namedFiles(held);
    },
    get rejected() {
      return rejected;
    },
    edit(wanted, whatIf) {
      const by = changeAuthor();
      return inTurn(() => change((text) => editConfigurationInPieces(text, wanted), whatIf, by));
    },
    restore(version, whatIf) {
      const by = changeAuthor();
      return inTurn(() => change(() => earlier(version), whatIf, by));
    },
    reload: () =>
      inTurn(async () => {
        const outcome = await reload(false);
        if (outcome === undefined) throw new Error("a reload without an outcome");
        return outcome;
      }),
    async check(text) {
      return store.parse(text === undefined ? await store.read() : { ...held, text });
    },
    follow(pollMs) {
      // A signal applies it in any case: certificates or password files may have changed.
      const hangUp = (): void => void reloadTold(false, true);
      process.on("SIGHUP", hangUp);
      void store.tell(held, []);
      const watch = store.watch(() => reloadTold(true));
      const secrets = watchFiles(
        () => filesReadWith([...store.namedFiles(held), ...store.namedFiles(looked)], applied.settings),
        () => void reloadTold(false),
        pollMs,
        readAtMs,
      );
      return {
        ready: secrets.ready,
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
