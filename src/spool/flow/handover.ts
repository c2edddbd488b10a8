/** Who takes fresh mail from memory, and how much memory that may be: `Spool.onAccepted`. */
import type { BodyMemory } from "../bodies/body-writer.ts";
import { SpoolError, type Claim, type FreshMail, type SpooledMessage } from "../spool.ts";

/** What a claim costs beside its content. */
const claimBytes = 1024;

export interface Handover {
  /** One listener. */
  listen(fresh: FreshMail): void;
  /** Asks before it is written: octets set apart for its claim, or undefined when nobody takes it or they are too many. */
  ask(message: SpooledMessage, contentBytes: number): number | undefined;
  /** False: the listener failed, and the claim is nobody's. */
  take(claim: Claim): boolean;
  waits(message: SpooledMessage): void;
  /** Octets that were set apart are free again. */
  free(bytes: number): void;
  /** For large bodies that arrive. They leave three quarters to small mail. */
  readonly bodies: BodyMemory;
}

export function createHandover(budgetBytes: number, onFault: (fault: SpoolError) => void): Handover {
  let listener: FreshMail | undefined;
  let usedBytes = 0;

  /** False when the listener throws: its fault is no fault of the message. */
  const tell = (say: (fresh: FreshMail) => unknown): boolean => {
    if (listener === undefined) return false;
    try {
      return say(listener) !== false;
    } catch (error) {
      onFault(new SpoolError("failed", `fresh mail was not taken: ${String(error)}`, { cause: error }));
      return false;
    }
  };

  return {
    listen(fresh) {
      listener = fresh;
    },
    ask(message, contentBytes) {
      const bytes = claimBytes + contentBytes;
      if (usedBytes + bytes > budgetBytes || !tell((fresh) => fresh.hasRoom(message))) return undefined;
      usedBytes += bytes;
      return bytes;
    },
    take: (claim) => tell((fresh) => fresh.take(claim)),
    waits: (message) => void tell((fresh) => fresh.waits(message)),
    free(bytes) {
      usedBytes -= bytes;
    },
    bodies: {
      reserve(bytes) {
        if (listener === undefined || usedBytes + bytes > budgetBytes / 4) return false;
        usedBytes += bytes;
        return true;
      },
      free(bytes) {
        usedBytes -= bytes;
      },
    },
  };
}
