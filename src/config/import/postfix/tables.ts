/** Lookup tables and lists that parameters name: `hash:/etc/postfix/transport`, `/etc/postfix/networks`. */
import { logicalLines } from "./main-cf.ts";

/** Texts of the files beside main.cf, by their path as parameters give it. */
export type PostfixFiles = ReadonlyMap<string, string>;

export interface TableEntry {
  readonly key: string;
  readonly value: string;
}

const tablePattern = /^(?:proxy:)?(hash|texthash|lmdb|btree|dbm|cdb|cidr):(\/\S+)$/;

/** True for `type:something`, whether it can be read here or not. */
export function isTable(word: string): boolean {
  return /^[a-z]+:(?:\/|[a-z{])/.test(word);
}

/** The path of a table whose source is text, or of a plain list. */
export function pathOf(word: string): string | undefined {
  return tablePattern.exec(word)?.[2] ?? (word.startsWith("/") ? word : undefined);
}

/** Undefined where the file is not beside main.cf, or no text. */
export function tableEntries(word: string, files: PostfixFiles): readonly TableEntry[] | undefined {
  const text = files.get(pathOf(word) ?? "");
  if (text === undefined) return undefined;
  return logicalLines(text).map((line) => {
    const [, key = line, value = ""] = /^(\S+)\s*([^]*)$/.exec(line) ?? [];
    return { key, value: value.trim() };
  });
}

/** Words between commas and blanks. */
export function wordsOf(value: string | undefined): readonly string[] {
  return (value ?? "").split(/[\s,]+/).filter((word) => word !== "");
}

/** Words, with those of files and the keys of tables in place of their names. `unread`: what could not be read. */
export function listOf(
  value: string | undefined,
  files: PostfixFiles,
): { readonly words: readonly string[]; readonly unread: readonly string[] } {
  const unread: string[] = [];
  const words = wordsOf(value).flatMap((word): readonly string[] => {
    if (!isTable(word) && !word.startsWith("/")) return [word];
    const entries = tableEntries(word, files);
    if (entries === undefined) {
      unread.push(word);
      return [];
    }
    // A plain list has several words a line.
    return isTable(word)
      ? entries.map(({ key }) => key)
      : entries.flatMap(({ key, value: more }) => [key, ...wordsOf(more)]);
  });
  return { words, unread };
}
