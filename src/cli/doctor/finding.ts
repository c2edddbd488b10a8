/** What a look at one thing found. */

export type FindingLevel = "good" | "note" | "warning" | "bad";

export interface Finding {
  /** What was looked at: `clock`, `free space`. */
  readonly check: string;
  readonly level: FindingLevel;
  /** One word for the same finding everywhere, without names of anything. */
  readonly code: string;
  /** What there is, for people. */
  readonly text: string;
  /** What to do; every warning has some. */
  readonly advice?: string;
}

export const levels: readonly FindingLevel[] = ["bad", "warning", "note", "good"];
