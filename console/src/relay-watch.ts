/** What every page needs of the relay: whether it answers, and the sentences that matter, looked after all the time. */
import { signal } from "@preact/signals";
import type { Output } from "../../src/admin/contract.ts";
import { call } from "./api.ts";
import { doubts, silentSince } from "./connection.ts";

export type Headline = Output<"getOverview">["headlines"][number];

/** Undefined: not asked yet. */
export const headlines = signal<readonly Headline[] | undefined>(undefined);

const everyMs = 3_000;
/** While it does not answer. */
const retryMs = 1_500;
/** An answer that takes longer is none. */
const patienceMs = 4_000;

let look = (): Promise<void> => Promise.resolve();
let lookAnew = look;

/** Asks for the headlines anew, at once; behind a question that is under way, whose answer may be of before. */
export function lookNow(): void {
  void lookAnew();
}

/** Looks until the function returned is called. */
export function watchRelay(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  let looking: Promise<void> | undefined;
  const ask = async (): Promise<void> => {
    clearTimeout(timer);
    try {
      const overview = await call("getOverview", { points: false }, patienceMs);
      if (!isOver) headlines.value = overview.headlines;
    } catch {
      // Without an answer connection.ts knows; a session that ended leads to the sign-in page.
    }
    looking = undefined;
    if (!isOver) timer = setTimeout(() => void look(), silentSince.value === undefined ? everyMs : retryMs);
  };
  look = () => (looking ??= ask());
  lookAnew = async () => {
    await looking;
    await look();
  };
  // Called at once with the number of now: the first look.
  const leave = doubts.subscribe(() => void look());
  return () => {
    isOver = true;
    look = lookAnew = () => Promise.resolve();
    clearTimeout(timer);
    leave();
    headlines.value = undefined;
  };
}

/** Those that are no good news. */
export function troubles(said: readonly Headline[] | undefined): number {
  return said?.filter(({ severity }) => severity !== "information").length ?? 0;
}
