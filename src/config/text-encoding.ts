/** Text that was read as UTF-8 and is none. Pure. */

/** What a person is told; undefined: it is plain text. Windows PowerShell's `>` and Notepad's “Unicode” write UTF-16. */
export function whyNoText(text: string): string | undefined {
  return text.includes("\0") || text.startsWith("\uFFFD\uFFFD")
    ? "is no text in UTF-8; it looks like UTF-16, as Windows PowerShell's > and Set-Content write it: save it as UTF-8 or ASCII"
    : undefined;
}
