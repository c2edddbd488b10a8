/**
 * Delivers into a directory: one `.eml` file per message, seen under its name only when it is whole and durable
 * (temporary name, fsync, rename, fsync of the directory). Exchange: foreign connector, DropDirectory.
 */
import { open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeDirectory } from "../../ports/make-directory.ts";
import type { DropSendConnector } from "../../core/policy/send-connector.ts";
import { createDirectorySync, syncDirectory as syncOne } from "../../ports/directory-sync.ts";
import { SpoolError, type Claim } from "../../spool/spool.ts";
import type { AttemptResult, Carrier, Verdict } from "../delivery/delivery.ts";
import { dropFileName, dropHead } from "./drop-file.ts";

const concurrency = 32;

const dropped: Verdict = {
  status: "2.0.0",
  text: "250 2.0.0 Written to the drop directory",
  fromPeer: false,
};

export interface DropCarrierOptions {
  readonly connector: DropSendConnector;
}

/**
 * A disk fault is the directory's failure, so the queue rests and tries again; a file too large for the file
 * system is that message's own. Cost: one file, two fsyncs, of which the directory's is shared under load.
 */
export function createDropCarrier({ connector }: DropCarrierOptions): Carrier {
  const directory = connector.dropDirectory;
  const syncDirectory = createDirectorySync(directory);
  let prepared: Promise<void> | undefined;
  let closed = false;
  let running = 0;
  let idle: (() => void) | undefined;

  const deliver = async (claim: Claim): Promise<AttemptResult> => {
    try {
      prepared ??= prepare(directory);
      await prepared;
      if (!(await writeDurably(directory, claim))) return { kind: "aborted" };
      await syncDirectory();
    } catch (error) {
      return failure(error, directory, claim);
    }
    return {
      kind: "attempted",
      host: directory,
      outcomes: claim.recipients.map(({ index }) => ({
        kind: "delivered",
        index,
        verdict: dropped,
        dsnRelayed: false,
      })),
    };
  };

  return {
    concurrency,
    async carry(claim) {
      if (closed) return { kind: "aborted" };
      running++;
      const result = await deliver(claim);
      // A directory that was taken away is made again by the next attempt.
      if (result.kind === "unreachable") prepared = undefined;
      if (--running === 0) idle?.();
      return result;
    },
    // Writes end by themselves; to abort one would only mean to write the file again.
    async close() {
      closed = true;
      if (running > 0) await new Promise<void>((resolve) => (idle = resolve));
    },
  };
}

/** Makes the directory and removes what an interrupted run left unfinished. */
async function prepare(directory: string): Promise<void> {
  const made = await makeDirectory(directory, 0o700);
  if (made !== undefined) await syncPath(dirname(made), dirname(directory));
  const names = await readdir(directory);
  await Promise.all(
    names
      .filter((name) => /^\.[0-9TZ.]+-\d+-\d+\.eml\.tmp$/.test(name))
      .map((name) => rm(join(directory, name), { force: true })),
  );
}

/** Syncs `lowest` and every directory above it up to `highest`, so that new directories are durable themselves. */
async function syncPath(highest: string, lowest: string): Promise<void> {
  for (let path = lowest; ; path = dirname(path)) {
    await syncOne(path);
    if (path === highest || path === dirname(path)) return;
  }
}

/** False: it may be another node's by now, and is not shown. */
async function writeDurably(directory: string, claim: Claim): Promise<boolean> {
  const name = dropFileName(claim);
  const temporary = join(directory, `.${name}.tmp`);
  const handle = await open(temporary, "w", 0o600);
  try {
    const { inMemory } = claim.content;
    // writeFile goes on from the current position and never ends short, as write may on a full disk.
    if (inMemory !== undefined) await handle.writeFile(Buffer.concat([dropHead(claim), inMemory]));
    else {
      await handle.writeFile(dropHead(claim));
      for await (const chunk of claim.content.stream()) await handle.writeFile(chunk);
    }
    await handle.sync();
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await handle.close();
  if (claim.isHeld?.() === false) {
    await rm(temporary, { force: true });
    return false;
  }
  await rename(temporary, join(directory, name));
  return true;
}

function failure(error: unknown, directory: string, claim: Claim): AttemptResult {
  if (error instanceof SpoolError && error.code === "damaged")
    return { kind: "damaged", what: error.message };
  const code = error instanceof Error && "code" in error ? String(error.code) : "error";
  const said = (error instanceof Error ? error.message : String(error)).replace(/\p{Cc}+/gu, " ");
  const verdict: Verdict = {
    status: "4.3.0",
    text: `451 4.3.0 Cannot write to the drop directory: ${said}`,
    fromPeer: false,
  };
  if (code === "EFBIG" || error instanceof SpoolError) {
    const outcomes = claim.recipients.map(({ index }) => ({ kind: "transient", index, verdict }) as const);
    return { kind: "attempted", host: directory, outcomes };
  }
  return { kind: "unreachable", host: directory, verdict };
}
