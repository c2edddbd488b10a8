/** Looks through one Pickup or Replay directory, and takes its files in the order of their times. */
import { watch, type FSWatcher, type Stats } from "node:fs";
import type { MessageId } from "../../core/message/envelope.ts";
import type { Clock, Timer } from "../../ports/ports.ts";
import type { Events } from "../../events/events.ts";
import type { Submissions } from "../submission/submissions.ts";
import type { Submitter } from "../transaction/submitter.ts";
import { createAllowance } from "./allowance.ts";
import { directoryFiles } from "./directory-files.ts";
import { badName, claimedFile, isMessageFile, otherName, shownName } from "./file-names.ts";
import { createQuietFiles, quietMs } from "./quiet-files.ts";
import type { PickupKind, ReadingLimits } from "./read-message.ts";
import { takeFile, textOf, type Taken } from "./take-file.ts";

export interface PickupDirectorySettings {
  readonly kind: PickupKind;
  readonly directory: string;
  readonly maxMessagesPerMinute: number;
  readonly limits: ReadingLimits;
}

export interface PickupDirectory {
  readonly settings: PickupDirectorySettings;
  /** Decides on what an earlier run left half done. Before anybody delivers. Never rejects. */
  recover(): Promise<void>;
  start(): void;
  /** Resolves when the file under way is done with. */
  stop(): Promise<void>;
}

/** Exchange: every 5 seconds. */
const pollMs = 5_000;
/** So many in a row that are refused for now, and others would be too. */
const refusedInARow = 3;

export function createPickupDirectory(
  settings: PickupDirectorySettings,
  around: {
    readonly submissions: Submissions;
    readonly submitter: () => Submitter;
    readonly clock: Clock;
    readonly events: Events;
    /** Whether the spool has a message of this id. */
    readonly isKept: (id: MessageId) => Promise<boolean>;
  },
): PickupDirectory {
  const { kind, directory, maxMessagesPerMinute } = settings;
  const { clock, events, isKept } = around;
  const files = directoryFiles(directory);
  const quiet = createQuietFiles(files);
  const allowance = createAllowance(maxMessagesPerMinute, pollMs, clock.now());
  /** Told once, until they go. */
  const told = new Set<string>();
  /** How often a file was refused for now: others come first. */
  const refusals = new Map<string, number>();
  let directoryFault: string | undefined;
  let timer: Timer | undefined;
  let watcher: FSWatcher | undefined;
  let isHinted = false;
  let stopped = true;
  let round: Promise<void> = Promise.resolve();

  const tellDirectory = (error: string | undefined): void => {
    if (error !== undefined && error !== directoryFault)
      events.emit("PickupDirectoryFault", { kind, directory, error });
    directoryFault = error;
  };
  const tell = (name: string, error: string): void => {
    if (told.has(name)) return;
    told.add(name);
    events.emit("PickupFileWaits", { kind, directory, file: shownName(name), error });
  };
  const taking = { ...around, ...settings, files, tell };

  const setBad = async (name: string, reason: string): Promise<void> => {
    let free = badName(name, clock.wall(), 0);
    for (let n = 1; (await files.look(free)) !== undefined; n++) free = badName(name, clock.wall(), n);
    await files.rename(name, free);
    await files.sync();
    const [file, badFile] = [shownName(name), shownName(free)];
    events.emit("PickupMessageBad", { kind, directory, file, badFile, reason });
  };

  /** What is wrong with one file keeps none of the others. */
  const perFile = async <Result>(name: string, act: () => Promise<Result>): Promise<Result | undefined> => {
    try {
      return await act();
    } catch (fault) {
      tell(name, textOf(fault));
      return undefined;
    }
  };

  const take = async (name: string, stats: Stats): Promise<Taken["kind"]> => {
    const taken = await takeFile(name, stats, taking);
    if (taken.kind === "bad") await setBad(name, taken.reason);
    return taken.kind;
  };

  /** Those that may be taken now, in their order. */
  const ready = async (names: readonly string[]): Promise<readonly { name: string; stats: Stats }[]> => {
    const found: { readonly name: string; readonly stats: Stats }[] = [];
    const now = clock.now();
    for (const name of names) {
      const stats = await perFile(name, () => quiet.look(name, now));
      if (stats !== undefined) found.push({ name, stats });
    }
    quiet.lookedThrough(clock.now());
    const refusedBefore = (name: string): number => refusals.get(name) ?? 0;
    return found.sort(
      (a, b) =>
        refusedBefore(a.name) - refusedBefore(b.name) ||
        a.stats.mtimeMs - b.stats.mtimeMs ||
        (a.name < b.name ? -1 : 1),
    );
  };

  /** One look through the directory. Resolves with when to look again. */
  const look = async (): Promise<number> => {
    await refuseOpenToAll();
    const names = (await files.list()).filter(isMessageFile);
    const there = new Set(names);
    quiet.keep(there);
    for (const name of told) if (!there.has(name)) told.delete(name);
    for (const name of refusals.keys()) if (!there.has(name)) refusals.delete(name);
    const candidates = await ready(names);
    let inARow = 0;
    let isChanging = there.size > candidates.length;
    for (const { name, stats } of candidates) {
      if (stopped || inARow === refusedInARow || !allowance.take(clock.now())) break;
      const result = await perFile(name, () => take(name, stats));
      quiet.forget(name);
      isChanging ||= result === "changed";
      if (result !== "wait") inARow = 0;
      else {
        inARow++;
        refusals.set(name, (refusals.get(name) ?? 0) + 1);
      }
    }
    return isChanging ? quietMs : pollMs;
  };

  const refuseOpenToAll = async (): Promise<void> => {
    const own = await files.look(".");
    if (own === undefined) throw new Error("it is not there");
    // Whoever may write there may send as anybody.
    if (process.platform !== "win32" && (own.mode & 0o002) !== 0)
      throw new Error("everybody may write there (chmod o-w), and so send as anybody");
  };

  const schedule = (delayMs: number): void => {
    timer?.cancel();
    if (!stopped) timer = clock.after(delayMs, () => void (round = run()));
  };

  const run = async (): Promise<void> => {
    let delayMs = pollMs;
    try {
      delayMs = await look();
      tellDirectory(undefined);
      listen();
    } catch (fault) {
      tellDirectory(textOf(fault));
      unlisten();
    }
    schedule(delayMs);
  };

  /** A hint only: the poll finds what it misses. */
  const listen = (): void => {
    if (watcher !== undefined || stopped) return;
    try {
      watcher = watch(directory, { persistent: false });
    } catch {
      // Then by the poll alone.
      return;
    }
    watcher.on("error", unlisten);
    watcher.on("change", (_, given) => {
      const name = Buffer.from(given ?? "").toString("latin1");
      // What is known changes by our own doing, or is looked at again anyway.
      if (isHinted || !isMessageFile(name) || quiet.knows(name)) return;
      isHinted = true;
      void round.then(() => {
        isHinted = false;
        schedule(quietMs / 4);
      });
    });
  };
  const unlisten = (): void => {
    watcher?.close();
    watcher = undefined;
  };

  const recoverFile = async (name: string): Promise<void> => {
    const left = claimedFile(name);
    if (left === undefined) return;
    if (await isKept(left.id)) await files.remove(name);
    else await files.restore(name, left.original, otherName(name));
  };

  return {
    settings,
    async recover() {
      try {
        for (const name of await files.list()) await perFile(name, () => recoverFile(name));
        await files.sync();
      } catch (fault) {
        tellDirectory(textOf(fault));
      }
    },
    start() {
      stopped = false;
      round = run();
    },
    async stop() {
      stopped = true;
      timer?.cancel();
      unlisten();
      await round;
    },
  };
}
