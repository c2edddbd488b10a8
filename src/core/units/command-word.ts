/** A value as a word of a command that is to be pasted. */

/**
 * As sh, PowerShell and `weir shell` all read it, in quotes where it needs them. Only a value with an apostrophe and one
 * of `"$\`\\` beside it has no form that all three read: it gets that of sh.
 */
export function commandWord(text: string): string {
  if (/^[A-Za-z0-9_.@:/-]+$/.test(text)) return text;
  if (!text.includes("'")) return `'${text}'`;
  return /["$`\\]/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : `"${text}"`;
}
