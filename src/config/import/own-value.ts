/** What a table holds for a word from somebody else's file: `constructor` and `toString` are in no table. */
export function ownValue<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
