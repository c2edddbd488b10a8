/** A sentence that matters now, and the words all of them are made of. */
import type { Output } from "../contract.ts";

export type Headline = Output<"getOverview">["headlines"][number];

/** `Clock.now()` milliseconds as an instant of the wall clock. */
export type Instant = (at: number) => string;

/** Whose a source is; undefined: nobody named it. */
export type ApplicationName = (source: string) => string | undefined;

/** More of one kind than these nobody reads; the rest is summed up in one. */
export const mostOfAKind = 5;

export function number(value: number): string {
  return value.toLocaleString("en");
}

/** `1 message`, `1,200 messages` */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

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
