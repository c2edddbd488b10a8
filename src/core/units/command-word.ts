/** A value as a word of a command that is to be pasted. */

/** In double quotes a shell makes something else of it: sh of all but `!`, bash of that at a prompt. */
const forSh = /["$`\\!]/;

/**
 * As sh, PowerShell and `weir shell` all read it, in quotes where it needs them. Only a value with an apostrophe and one
 * of `"$\`\\!` beside it has no form that all three read: it gets that of sh.
 */
export function commandWord(text: string): string {
  if (/^[A-Za-z0-9_.@:/-]+$/.test(text)) return text;
  if (!text.includes("'")) return `'${text}'`;
  return forSh.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : `"${text}"`;
}

/**
 * `"@{Add='a','b'}"` as one word, which sh, PowerShell and `weir shell` read alike. Where a value has an apostrophe and one has what a
 * shell reads in double quotes, there is no form for all of them: it gets that of sh.
 */
export function addedWord(values: readonly string[]): string {
  if (!values.some((value) => forSh.test(value)))
    return `"@{Add=${values.map((value) => `'${value.replaceAll("'", "''")}'`).join(",")}}"`;
  const isPlain = values.every((value) => !/['"]/.test(value));
  return isPlain
    ? `'@{Add=${values.map((value) => `"${value}"`).join(",")}}'`
    : `'${`@{Add=${values.map((value) => `'${value.replaceAll("'", "''")}'`).join(",")}}`.replaceAll("'", "'\\''")}'`;
}
