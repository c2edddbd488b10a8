/** What became of each thing that an import met, for the table that tells it. */
import type { ConfigurationEdit } from "../edit.ts";
import type { Plain } from "../edit-value.ts";

export type Outcome =
  /** Written as it was. */
  | "carriedOver"
  /** As it is here anyway; not written. */
  | "default"
  /** Taken, or not needed, but not the same: the text says what is different and why. */
  | "differs"
  /** Could not be taken; the text says why, and what to do. */
  | "leftOut"
  /** No setting: identities, dates, what was off or empty and does not exist here. */
  | "nothing";

export interface Finding {
  /** As the other system calls it. */
  readonly property: string;
  /** As it was exported, on one line. */
  readonly value: string;
  readonly outcome: Outcome;
  /** The setting and value written; or why not, in words. */
  readonly text: string;
}

/** One thing imported: a connector, the accepted domains, settings of the relay. */
export interface ImportedPart {
  /** `Receive connector AppRelay` */
  readonly title: string;
  /** The server it was exported from, where the export tells. */
  readonly origin?: string;
  readonly edits: readonly ConfigurationEdit[];
  readonly findings: readonly Finding[];
  /** Why none of it is written. */
  readonly skipped?: string;
  readonly toDo: readonly ToDo[];
}

/** Something that is left to an administrator. */
export interface ToDo {
  readonly text: string;
  readonly command?: string;
}

/** A value in a sentence. */
export function plainText(value: Plain): string {
  if (Array.isArray(value)) return (value as readonly Plain[]).map(plainText).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** `maxMessageSize: 50MB` */
export function written(setting: string, value: Plain): string {
  return `${setting}: ${plainText(value)}`;
}

/** A command's words, quoted where a shell needs it. */
export function commandText(...words: readonly string[]): string {
  return `weir ${words.map((word) => (/^[\w.:/,=-]+$/.test(word) ? word : `"${word}"`)).join(" ")}`;
}
