/** Whether the relay answers. The one place that knows: each answer, and each failure to get one, is told here. */
import { signal } from "@preact/signals";

/** Since when there has been no answer, in milliseconds since 1970: the time of the last one. Undefined: it answers. */
export const silentSince = signal<number | undefined>(undefined);

/** Grows each time the relay answers again after it did not: what was loaded before is asked for anew. */
export const recoveries = signal(0);

/** Grows with each sign that the relay may be gone, such as a stream that broke: whoever looks after it looks now. */
export const doubts = signal(0);

let lastAnswerAt = Date.now();

export function answered(): void {
  lastAnswerAt = Date.now();
  if (silentSince.value === undefined) return;
  silentSince.value = undefined;
  recoveries.value++;
}

export function unanswered(): void {
  silentSince.value ??= lastAnswerAt;
}

export function doubted(): void {
  doubts.value++;
}
