/** What came of trying to be the one who holds a directory. */
export interface DirectoryLock {
  /** Why it does not hold any more, for people; undefined while it does. Cost: one or two small system calls. */
  lost(): Promise<string | undefined>;
  /** Never rejects. */
  unlock(): Promise<void>;
}

/** Who holds it in our place, as a path; or the lock. */
export type LockAttempt = DirectoryLock | { readonly heldBy: string };
