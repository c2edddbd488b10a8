/** The second way: the message is left, with its envelope, in the Replay directory of a relay that does not answer now. */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writevSync,
} from "node:fs";
import { join } from "node:path";
import { replayHead } from "../../core/message/replay-form/write-head.ts";
import { xtext, type SubmittedMessage } from "./submit.ts";

/** Durable when it returns. Throws what the file system says. */
export function leaveForReplay(directory: string, message: SubmittedMessage): void {
  const { sender, recipients, content, notify, ret, envid, requireTls } = message;
  const isUtf8 = [sender, ...recipients].some((address) => Buffer.byteLength(address) !== address.length);
  const head = replayHead(
    {
      reversePath: sender,
      body: content.some((octet) => octet > 127) ? "8BITMIME" : "7BIT",
      smtpUtf8: isUtf8,
      ...(requireTls ? { tls: "required" as const } : {}),
      ...(ret === undefined ? {} : { ret }),
      ...(envid === undefined ? {} : { envid: xtext(envid) }),
    },
    recipients.map((forwardPath) => ({ forwardPath, ...(notify === undefined ? {} : { notify }) })),
  );
  const name = `sendmail-${Date.now()}-${randomBytes(6).toString("hex")}`;
  const temporary = join(directory, `.${name}.tmp`);
  const file = openSync(temporary, "wx", 0o600);
  try {
    openToGroup(file, directory);
    let pieces = [head, content];
    while (pieces.length > 0) pieces = behind(pieces, writevSync(file, pieces));
    fsyncSync(file);
  } catch (fault) {
    closeSync(file);
    unlinkSync(temporary);
    throw fault;
  }
  closeSync(file);
  const left = join(directory, `${name}.eml`);
  renameSync(temporary, left);
  try {
    syncDirectory(directory);
  } catch (fault) {
    // Whoever hears of a fault sends it again: then it must not lie here, too.
    unlinkSync(left);
    throw fault;
  }
}

/** A directory that callers may write to and not read cannot be synced by them: the file itself is. */
function syncDirectory(directory: string): void {
  let opened: number;
  try {
    opened = openSync(directory, "r");
  } catch (fault) {
    if ((fault as NodeJS.ErrnoException).code === "EACCES") return;
    throw fault;
  }
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

/**
 * The relay's user has to read it: whatever the caller's umask, and whether or not the directory passes its group on
 * (set-group-ID).
 */
function openToGroup(file: number, directory: string): void {
  if (process.platform === "win32") return;
  const { gid } = statSync(directory);
  try {
    if (fstatSync(file).gid !== gid) fchownSync(file, process.getuid?.() ?? -1, gid);
  } catch {
    // The caller is not of that group: it may write there for another reason, and so may the relay read.
  }
  fchmodSync(file, 0o640);
}

function behind(pieces: readonly Buffer[], writtenBytes: number): Buffer[] {
  let left = writtenBytes;
  return pieces.flatMap((piece) => {
    const rest = piece.subarray(Math.min(left, piece.length));
    left -= piece.length - rest.length;
    return rest.length === 0 ? [] : [rest];
  });
}
