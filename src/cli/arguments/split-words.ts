/** A command line as both kinds of shell cut it where it is simple: at blanks outside quotes. */
import { splitOutsideQuotes, unquoted } from "./list.ts";

export function splitWords(line: string): readonly string[] {
  return splitOutsideQuotes(line, " ")
    .filter((word) => word !== "")
    .map(unquoted);
}
