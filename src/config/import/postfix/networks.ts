/** Whom Postfix lets relay: mynetworks, and clients that an access table says OK of. */
import { isTable, listOf, type PostfixFiles, tableEntries } from "./tables.ts";
import { networkOf } from "./values.ts";

export interface Networks {
  readonly ranges: readonly string[];
  /** What could not be taken, each with the reason. */
  readonly lost: readonly string[];
}

export const ownNetworks: readonly string[] = ["127.0.0.0/8", "::1/128"];

export function networksOf(value: string | undefined, files: PostfixFiles): Networks {
  const { words, unread } = listOf(value, files);
  const lost = unread.map((word) => `${word} cannot be read beside main.cf`);
  const ranges = words.flatMap((word) => {
    const range = word.startsWith("!") ? undefined : networkOf(word);
    if (range === undefined)
      lost.push(
        word.startsWith("!")
          ? `${word}: there are no exceptions here; give the ranges around it`
          : `${word} is no address; remoteIpRanges takes no names`,
      );
    return range === undefined ? [] : [range];
  });
  return { ranges: [...new Set(ranges)], lost };
}

/** Of the list that decides about relaying, what stands before the refusal: `check_client_access hash:/etc/postfix/clients`. */
export function clientsThatRelay(words: readonly string[], files: PostfixFiles): Networks {
  const ranges: string[] = [];
  const lost: string[] = [];
  for (const [index, word] of words.entries()) {
    if (/^(?:reject|defer)(?:_unauth_destination)?$/.test(word)) break;
    const table = words[index + 1];
    if (word !== "check_client_access" || table === undefined || !isTable(table)) continue;
    const entries = tableEntries(table, files);
    if (entries === undefined) lost.push(`${table} cannot be read beside main.cf`);
    for (const { key, value } of entries ?? []) {
      const range = networkOf(key);
      if (!/^(?:ok|permit|relay)\b/i.test(value))
        lost.push(`${key} ${value}: only clients that may relay are taken`);
      else if (range === undefined) lost.push(`${key} is no address; remoteIpRanges takes no names`);
      else ranges.push(range);
    }
  }
  return { ranges, lost };
}
