/** What Tab makes of a line of `weir shell`. */
import { completeWords, type LookUp } from "../completion/complete-words.ts";
import type { Cmdlet } from "../cmdlet.ts";
import { stages } from "./stages/all.ts";

/** For readline: what the last word may become, and that word as it stands. */
export async function completeLine(
  line: string,
  cmdlets: readonly Cmdlet[],
  lookUp: LookUp,
): Promise<readonly [readonly string[], string]> {
  const { words, last, isPiped } = lastCommand(line);
  const found = await completeWords([...words, bare(last)], cmdlets, lookUp);
  const all = [...found];
  if (words.length === 0 && isPiped)
    all.push(
      ...stages
        .flatMap(({ name, aliases }) => [name, ...aliases.filter((alias) => alias !== "?")])
        .filter((name) => name.toLowerCase().startsWith(last.toLowerCase())),
    );
  else if (words.length === 0) all.push(...["exit"].filter((name) => name.startsWith(last.toLowerCase())));
  return [all.map(quotedWhereNeeded), last];
}

interface LastCommand {
  /** Before the one under the cursor. */
  readonly words: readonly string[];
  /** With its quotes; empty where a new one begins. */
  readonly last: string;
  readonly isPiped: boolean;
}

function lastCommand(line: string): LastCommand {
  let words: string[] = [];
  let last = "";
  let isPiped = false;
  for (const [piece] of line.matchAll(/(?:'[^']*'?|"[^"]*"?|[^\s|;'"])+|[|;]|\s+/g)) {
    if (piece === "|" || piece === ";") {
      words = [];
      last = "";
      isPiped = piece === "|";
    } else if (piece.trim() === "") {
      if (last !== "") words.push(bare(last));
      last = "";
    } else last = piece;
  }
  if (/^weir$/i.test(words[0] ?? "")) words.shift();
  return { words, last, isPiped };
}

function bare(word: string): string {
  const found = /^(['"])([^]*?)\1?$/.exec(word);
  return found?.[2] ?? word;
}

function quotedWhereNeeded(word: string): string {
  return /[\s'"|;#$`(){}]/.test(word) ? `'${word.replaceAll("'", "''")}'` : word;
}
