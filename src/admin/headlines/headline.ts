/** A sentence that matters now, and the words all of them are made of. */
import { counted, number } from "../../core/units/counted.ts";
import type { Output } from "../contract.ts";

export { counted, number };

export type Headline = Output<"getOverview">["headlines"][number];

/** `Clock.now()` milliseconds as an instant of the wall clock. */
export type Instant = (at: number) => string;

/** Whose a source is; undefined: nobody named it. */
export type ApplicationName = (source: string) => string | undefined;

/** More of one kind than these nobody reads; the rest is summed up in one. */
export const mostOfAKind = 5;

export function times(count: number): string {
  return count === 1 ? "once" : `${number(count)} times`;
}

/** `10.1.4.7 (SCOM)` */
export function whoText(source: string, application: string | undefined): string {
  return application === undefined ? source : `${source} (${application})`;
}

/** What somebody else said, as the end of a sentence. */
export function quoted(words: string): string {
  const said = words.replace(/[.\s]+$/, "");
  return /[?!]$/.test(said) ? said : `${said}.`;
}

/** Words that begin small, as a sentence. */
export function sentence(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${quoted(words.slice(1))}`;
}
