/** What a store is opened with, and whom it tells of what happens to it. */
import type { Clock } from "../../ports/ports.ts";
import type { SpoolPlace } from "../lock/spool-place.ts";
import type { SpoolError } from "../spool.ts";
import type { JournalOptions } from "./journal.ts";

export interface StoreOptions {
  readonly clock: Clock;
  /** Default: by the size of the disk; false: LMDB alone. */
  readonly journal?: JournalOptions | false;
  /** Where it stands. Without: nobody moves it. */
  readonly place?: Pick<SpoolPlace, "lockFault" | "look" | "watchPart">;
  /** Hears of what could not be written though no caller waits for it; the store goes on. */
  readonly onFault: (fault: SpoolError) => void;
  /** Hears of a journal that is damaged, cut off or given up; the store goes on. */
  readonly onJournalFault: (fault: JournalFault) => void;
}

export interface JournalFault {
  /**
   * `damaged`: commits of an earlier run cannot be read. `cutOff`: the last one is not whole, most often because nobody
   * was told of it yet. `givenUp`: commits go without it, for a while.
   */
  readonly kind: "damaged" | "cutOff" | "givenUp";
  /** For people. */
  readonly what: string;
}
