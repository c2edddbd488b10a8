/** Mutants that change nothing anybody could see, known by their file and text, so that lines may move. */
import { parse } from "yaml";
import type { Difference } from "./mutations.ts";

export interface Equivalent {
  readonly file: string;
  /** The line (or lines) as it is, and with the mutation; white space does not matter. */
  readonly was: string;
  readonly becomes: string;
  readonly why: string;
}

export const parseEquivalents = (yaml: string): readonly Equivalent[] =>
  (parse(yaml) ?? []) as readonly Equivalent[];

export function findEquivalent(
  file: string,
  { was, becomes }: Difference,
  equivalents: readonly Equivalent[],
): Equivalent | undefined {
  return equivalents.find(
    (known) =>
      known.file === file &&
      bare(known.was) === bare(was.join("\n")) &&
      bare(known.becomes) === bare(becomes.join("\n")),
  );
}

const bare = (text: string): string => text.replace(/\s+/g, " ").trim();
