/** Whole percentages, `2` or `2%`. */
import { type Parsed, parsed, quoted, unparsable } from "./parsed.ts";

export function parsePercent(input: string | number): Parsed<number> {
  const match = /^(\d{1,3})\s*%?$/.exec(String(input).trim());
  const value = Number(match?.[1]);
  if (!match || value > 100) {
    return unparsable(`${quoted(String(input))} is not a whole percentage; write it like 2 or 2%`);
  }
  return parsed(value);
}
