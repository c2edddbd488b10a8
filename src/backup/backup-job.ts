/** The backup a relay makes: one at a time, beside the mail, and how far it is. */
import type { Events } from "../events/events.ts";
import {
  type BackupProgress,
  BackupRefusal,
  type BackupSource,
  type BackupWish,
  makeBackup,
  type MadeBackup,
} from "./make-backup.ts";

export type BackupState =
  | { readonly kind: "none" }
  | ({ readonly kind: "running"; readonly startedAt: Date; readonly directory: string } & BackupProgress)
  | ({ readonly kind: "done"; readonly startedAt: Date; readonly endedAt: Date } & MadeBackup)
  | { readonly kind: "failed"; readonly startedAt: Date; readonly endedAt: Date; readonly error: string };

export interface BackupJob {
  readonly state: BackupState;
  /** Throws BackupRefusal while one is being made. Its outcome is `state`, and an event. */
  start(wish: BackupWish): void;
  /** Breaks off what is being made; false: nothing is. */
  cancel(): boolean;
}

export function createBackupJob(options: {
  /** Runs `work` with what is to be copied. */
  readonly withSource: <Result>(
    work: (source: BackupSource, signal: AbortSignal) => Promise<Result>,
  ) => Promise<Result>;
  readonly now: () => Date;
  readonly events: Events;
}): BackupJob {
  const { withSource, now, events } = options;
  let state: BackupState = { kind: "none" };
  let cancelled: AbortController | undefined;

  async function run(wish: BackupWish, startedAt: Date, cancelling: AbortSignal) {
    const { directory } = wish;
    try {
      const made = await withSource((source, signal) =>
        makeBackup(source, wish, now, {
          signal: AbortSignal.any([signal, cancelling]),
          progress(at) {
            state = { kind: "running", startedAt, directory, ...at };
          },
        }),
      );
      state = { kind: "done", startedAt, endedAt: now(), ...made };
      const { messages = 0, files } = made.manifest;
      events.emit("BackupMade", { folder: made.folder, messages, files: files.length });
    } catch (fault) {
      const error = cancelling.aborted
        ? "it was broken off"
        : fault instanceof Error
          ? fault.message
          : String(fault);
      state = { kind: "failed", startedAt, endedAt: now(), error };
      events.emit("BackupFailed", { directory, error });
    }
    cancelled = undefined;
  }

  return {
    get state() {
      return state;
    },
    start(wish) {
      if (state.kind === "running")
        throw new BackupRefusal(`a backup into ${state.directory} is being made already`);
      const startedAt = now();
      state = {
        kind: "running",
        startedAt,
        directory: wish.directory,
        phase: "spool",
        files: 0,
        copiedBytes: 0,
      };
      cancelled = new AbortController();
      void run(wish, startedAt, cancelled.signal);
    },
    cancel() {
      cancelled?.abort();
      return cancelled !== undefined;
    },
  };
}
