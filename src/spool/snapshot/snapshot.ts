/**
 * The spool as it is at one moment, for who copies it while mail comes and goes. The tables are copied as of a commit;
 * bodies are files that never change, and none leaves its place until the work is done.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { MessageId } from "../../core/message/envelope.ts";
import type { BodyFiles } from "../bodies/body-file.ts";
import { SpoolError } from "../spool.ts";
import type { Store } from "../store/journaled-store.ts";
import { messageKey } from "../store/keys.ts";
import { closeEnvironment, entryCount, openEnvironment } from "../store/lmdb-environment.ts";

export interface SpoolSnapshot {
  /** Aborts when the spool is to be closed: the work is to end soon, or its end is waited for. */
  readonly signal: AbortSignal;
  /**
   * Copies the tables into an empty directory, from which a spool can be opened when the bodies are beside them, and calls
   * `take` with each body that a message in them names. Every message that was accepted before is in it, if it is not
   * settled. Resolves with the number of messages. Rejects with SpoolError, and with what `take` rejects with.
   */
  copyTo(
    directory: string,
    take: (body: { readonly id: MessageId; readonly path: string }) => Promise<void>,
  ): Promise<number>;
}

export interface Snapshots {
  /** Runs `work`; resolves or rejects as it does. Several may run at once. */
  take<Result>(work: (snapshot: SpoolSnapshot) => Promise<Result>): Promise<Result>;
  /** Aborts what runs. */
  close(): void;
}

export function createSnapshots({
  store,
  bodies,
}: {
  readonly store: Store;
  readonly bodies: BodyFiles;
}): Snapshots {
  const closing = new AbortController();
  const { signal } = closing;

  const copyTo: SpoolSnapshot["copyTo"] = async (directory, take) => {
    const letGo = bodies.holdRemovals();
    try {
      await store.copyTo(directory);
      const copy = openEnvironment(directory);
      try {
        // A body stands there before the record that names it, and until its removal is let go.
        for await (const body of bodies.all()) {
          if (signal.aborted) throw closed();
          if (copy.tables.messages.doesExist(messageKey(body.id))) await take(body);
        }
        return entryCount(copy.tables.messages);
      } finally {
        await closeEnvironment(copy);
        await rm(join(directory, "lock.mdb"), { force: true });
      }
    } finally {
      letGo();
    }
  };

  return {
    take(work) {
      if (signal.aborted) return Promise.reject(closed());
      return work({ signal, copyTo });
    },
    close: () => closing.abort(),
  };
}

function closed(): SpoolError {
  return new SpoolError("closed", "the spool is closed");
}
