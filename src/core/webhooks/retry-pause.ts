/** When a request that was not taken is made again, and what an answer means. */

const seconds = [10, 30, 60, 120, 300, 600] as const;
const longestMs = 15 * 60_000;
/** Of what a receiver asks for by Retry-After. */
const mostAskedForMs = 3_600_000;

/**
 * Milliseconds behind the attempt with this number, from 1 on; a fifth shorter or longer by `random`, so that relays that met
 * the same fault do not come together. `retryAfter`: the header's value, seconds or a date.
 */
export function retryPause(
  attempts: number,
  random: number,
  asked: { readonly retryAfter: string | undefined; readonly nowMs: number },
): number {
  const pause = (seconds[attempts - 1] ?? longestMs / 1000) * 1000;
  const jittered = Math.round(pause * (0.8 + 0.4 * random));
  return Math.max(jittered, askedPause(asked.retryAfter, asked.nowMs));
}

function askedPause(retryAfter: string | undefined, nowMs: number): number {
  if (retryAfter === undefined) return 0;
  const ms = /^\d{1,9}$/.test(retryAfter.trim()) ? 1000 * Number(retryAfter) : Date.parse(retryAfter) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), mostAskedForMs);
}

export type AnswerMeaning =
  | "taken"
  /** Tried again: whoever runs the receiver may mend it. */
  | "refused"
  /** 410: nobody is there any more, and asks not to be called again. */
  | "gone";

/** A redirect is not followed, so it is a refusal. */
export function meaningOf(status: number): AnswerMeaning {
  if (status >= 200 && status <= 299) return "taken";
  return status === 410 ? "gone" : "refused";
}
