/**
 * Root on what is another user's: what root's hands leave there is root's, and the relay could not use it; and what that user
 * can name or link to, root would read for it. So root steps back to the owner for as long as it takes.
 */
import { lchown, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { makeDirectory } from "./make-directory.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Whose it is; undefined: not asked by root, root's own, or not there. Never rejects. */
export async function foreignOwnerOf(
  path: string,
  self: number | undefined = process.geteuid?.(),
): Promise<Owner | undefined> {
  if (self !== 0) return undefined;
  return stat(path).then(
    ({ uid, gid }) => (uid === 0 ? undefined : { uid, gid }),
    () => undefined,
  );
}

/** A directory that is missing is made, with those above it, for its later user. 0700. */
export async function makeDirectoryFor(owner: Owner | undefined, path: string): Promise<void> {
  const highest = await makeDirectory(path, 0o700);
  if (highest === undefined || owner === undefined) return;
  for (let at = resolve(path); ; at = dirname(at)) {
    await lchown(at, owner.uid, owner.gid);
    if (at === resolve(highest)) return;
  }
}

/** Does it as that user, with that user's groups, in the whole process; then root is root again. Undefined: as it is. */
export async function asOwner<Result>(
  owner: Owner | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  const { setegid, seteuid, setgroups, getgroups } = process;
  const { initgroups } = process as { readonly initgroups?: (uid: number, gid: number) => void };
  if (owner === undefined || !setegid || !seteuid || !setgroups || !initgroups || !getgroups) return work();
  const groups = getgroups();
  try {
    try {
      initgroups(owner.uid, owner.gid);
    } catch {
      // A user whom the system does not know by name, as in a container.
      setgroups([owner.gid]);
    }
    setegid(owner.gid);
    seteuid(owner.uid);
    return await work();
  } finally {
    seteuid(0);
    setegid(0);
    setgroups(groups);
  }
}
