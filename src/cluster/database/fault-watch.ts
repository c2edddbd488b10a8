/** Faults that are looked for again and again: each is told once when it is there, and once when it is mended. */
import type { Clock } from "../../ports/ports.ts";
import { repeatLook } from "../../ports/repeated-look.ts";

export interface FaultWatch<Fault> {
  /** By the last look. */
  readonly faults: readonly Fault[];
  /** Looks now, or behind the look under way. Rejects as `read` does; what was known before holds then. */
  look(): Promise<void>;
  close(): void;
}

/** The first look by itself is `everyMs` from now. One that rejects tells nothing: who is asked is away, and others tell of that. */
export function watchFaults<Fault extends { readonly code: string }>(parts: {
  readonly clock: Pick<Clock, "after">;
  readonly everyMs: number;
  readonly read: () => Promise<readonly Fault[]>;
  /** Was not there at the look before. */
  readonly tell: (fault: Fault) => void;
  /** Those that were there at the look before, at least one, and those that are left. */
  readonly tellMended: (mended: readonly Fault[], left: readonly Fault[]) => void;
  /** One in the place of another about the same mends nothing. Default: each is about something else. */
  readonly about?: (code: Fault["code"]) => string;
}): FaultWatch<Fault> {
  const { clock, everyMs, read, tell, tellMended, about = (code) => code } = parts;
  let faults: readonly Fault[] = [];

  const look = async (): Promise<void> => {
    const found = await read();
    const before = faults;
    faults = found;
    for (const fault of found) if (!before.some(({ code }) => code === fault.code)) tell(fault);
    const mended = before.filter((fault) => !found.some(({ code }) => about(code) === about(fault.code)));
    if (mended.length > 0) tellMended(mended, found);
  };

  const looks = repeatLook(clock, everyMs, look);
  return {
    get faults() {
      return faults;
    },
    look: () => looks.now(),
    close: () => void looks.close(),
  };
}
