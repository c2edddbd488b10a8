/**
 * One file into the spool, once. It is renamed to the id of its message just before that is kept, and removed before
 * anybody has the message: whatever is left of it after a crash, the spool says whether it was taken.
 */
import type { Stats } from "node:fs";
import type { Clock } from "../../ports/ports.ts";
import type { SubmissionOutcome } from "../submission/submission.ts";
import type { Submissions } from "../submission/submissions.ts";
import { SourceGone, type SubmissionSource } from "../transaction/submission-source.ts";
import type { Submitter } from "../transaction/submitter.ts";
import type { DirectoryFiles } from "./directory-files.ts";
import { claimedName, otherName } from "./file-names.ts";
import { isSameFile } from "./quiet-files.ts";
import { NoMessage, readMessage, type PickupKind, type ReadingLimits } from "./read-message.ts";

export type Taken =
  /** In the spool. */
  | { readonly kind: "kept" }
  /** Not there any more, or not as it was. */
  | { readonly kind: "changed" }
  /** Not now. */
  | { readonly kind: "wait" }
  | { readonly kind: "bad"; readonly reason: string };

export interface FileTaking {
  readonly kind: PickupKind;
  readonly files: DirectoryFiles;
  readonly limits: ReadingLimits;
  readonly submissions: Submissions;
  readonly submitter: () => Submitter;
  readonly clock: Clock;
  /** What a person has to know of a file that stays. */
  readonly tell: (name: string, error: string) => void;
}

/** Refused for a while as replies go, but a file does not become another by waiting. */
const lasting = new Set(["tooManyRecipients", "tlsRequired"]);

/** Rejects with what the file system says; then the file is where it was. */
export async function takeFile(name: string, stats: Stats, taking: FileTaking): Promise<Taken> {
  const { kind, files, limits, submissions, clock, tell } = taking;
  if (!stats.isFile()) return { kind: "bad", reason: `it is ${sortOf(stats)}, no file` };
  if (stats.nlink > 1) return { kind: "bad", reason: "it is a hard link to another file" };
  const file = await files.open(name).catch((fault: unknown) => {
    if (isGone(fault)) return undefined;
    throw fault;
  });
  if (file === undefined) return { kind: "changed" };
  let claimed: string | undefined;
  let outcome: SubmissionOutcome;
  try {
    const opened = await file.stat();
    if (!opened.isFile() || !isSameFile(opened, stats)) return { kind: "changed" };
    const { envelope, content } = await readMessage(kind, file, opened, limits, clock.wall());
    const source: SubmissionSource = {
      async claim(id) {
        claimed = await claimFile(name, claimedName(name, id), opened, files);
      },
      async release() {
        try {
          await files.remove(claimed ?? name);
          await files.sync();
        } catch (fault) {
          tell(claimed ?? name, `its message was taken, and it cannot be removed: ${textOf(fault)}`);
        }
      },
    };
    outcome = await submissions.submit(taking.submitter(), envelope, content, { source });
  } catch (fault) {
    if (fault instanceof NoMessage) return { kind: "bad", reason: fault.message };
    const cause = fault instanceof SourceGone ? fault.cause : fault;
    if (cause === undefined || isGone(cause)) return { kind: "changed" };
    throw cause;
  } finally {
    await file.close();
  }
  if (outcome.kind === "kept") return { kind: "kept" };
  const [first] = outcome.refusals;
  if (claimed !== undefined) {
    // Where the disk broke it is not known whether the message is kept.
    if (first?.reply.told.kind !== "diskFull") {
      tell(claimed, "it is not known whether its message was kept; the next start of the relay finds out");
      return { kind: "wait" };
    }
    await files.restore(claimed, name, otherName(claimed));
  }
  const isLasting = outcome.refusals.some(({ reply }) => reply.code >= 500 || lasting.has(reply.told.kind));
  return isLasting ? { kind: "bad", reason: refusalText(outcome) } : { kind: "wait" };
}

/** Rejects with SourceGone; what the file system said is its cause. */
async function claimFile(
  name: string,
  claimed: string,
  opened: Stats,
  files: DirectoryFiles,
): Promise<string> {
  try {
    await files.rename(name, claimed);
  } catch (cause) {
    throw new SourceGone("it cannot be renamed", { cause });
  }
  try {
    const renamed = await files.look(claimed);
    if (renamed === undefined || !isSameFile(renamed, opened))
      throw new SourceGone("another file came in its place");
    await files.sync();
    return claimed;
  } catch (fault) {
    await files.restore(claimed, name, otherName(claimed)).catch(() => undefined);
    throw fault instanceof SourceGone
      ? fault
      : new SourceGone("its new name cannot be made durable", { cause: fault });
  }
}

function refusalText({ refusals }: Extract<SubmissionOutcome, { kind: "refused" }>): string {
  const texts = refusals.map(({ recipient, reply: { code, status, text } }) =>
    [recipient === undefined ? "" : `<${recipient.replace(/^<|>$/g, "")}>:`, code, status ?? "", text]
      .filter((word) => word !== "")
      .join(" "),
  );
  return texts.join("; ");
}

function sortOf(stats: Stats): string {
  if (stats.isDirectory()) return "a directory";
  if (stats.isSymbolicLink()) return "a symbolic link";
  return stats.isFIFO() ? "a pipe" : "a device or socket";
}

function isGone(fault: unknown): boolean {
  return fault instanceof Error && "code" in fault && fault.code === "ENOENT";
}

export function textOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
