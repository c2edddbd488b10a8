/** `a,b` and `'a','b'` as PowerShell writes lists. */

/** Empty items are dropped: a list that ends with a comma goes on in the next argument. */
export function splitList(text: string): readonly string[] {
  return splitOutsideQuotes(text, ",")
    .map((item) => unquoted(item.trim()))
    .filter((item) => item !== "");
}

/**
 * The same of certificates: a subject holds commas, `CN=printer-7,O=Contoso`, and a POSIX shell takes the quotes around it.
 * Without quotes of their own the attributes are one name, and a fingerprint begins the next.
 */
export function splitCertificateNames(text: string): readonly string[] {
  if (/['"]/.test(text)) return splitList(text);
  const names: string[] = [];
  const isFingerprint = (name = "sha256"): boolean => /^\s*sha-?256\b/i.test(name);
  for (const piece of text.split(","))
    if (isFingerprint(piece) || isFingerprint(names.at(-1))) names.push(piece);
    else names.push(`${names.pop()},${piece}`);
  return names.map((name) => name.trim()).filter((name) => name !== "");
}

/** Without one pair of quotes around it; a doubled quote inside is one. */
export function unquoted(text: string): string {
  const quote = text[0];
  if (text.length < 2 || (quote !== "'" && quote !== '"') || text.at(-1) !== quote) return text;
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

/** Cuts at any of `separators` that stands in no quotes. The pieces keep their quotes. */
export function splitOutsideQuotes(text: string, separators: string): readonly string[] {
  const pieces: string[] = [];
  let piece = "";
  let quote: string | undefined;
  for (const char of text) {
    if (quote === undefined && separators.includes(char)) {
      pieces.push(piece);
      piece = "";
      continue;
    }
    if (quote === char) quote = undefined;
    else if (quote === undefined && (char === "'" || char === '"')) quote = char;
    piece += char;
  }
  return [...pieces, piece];
}
