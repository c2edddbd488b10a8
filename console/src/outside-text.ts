/** Text from outside made readable and harmless: nothing in it is more than characters to look at. */

/** RFC 2047: `=?utf-8?B?w6Q=?=` becomes `ä`; what cannot be read stays as it is. */
export function decodedWords(text: string): string {
  return visible(text)
    .replace(/(=\?[^?\s]+\?[bq]\?[^?\s]*\?=)\s+(?==\?[^?\s]+\?[bq]\?)/gi, "$1")
    .replace(
      /=\?([^?\s]+)\?([bq])\?([^?\s]*)\?=/gi,
      (word, charset: string, encoding: string, content: string) => {
        const octets =
          encoding.toLowerCase() === "b"
            ? fromBase64(content)
            : fromQuotedPrintable(content.replaceAll("_", " "));
        return octets === undefined ? word : visible(decoded(octets, charset.split("*", 1)[0] ?? ""));
      },
    );
}

/** A character for each octet. What of it is whole: the end may be cut off. */
export function fromBase64(text: string): string | undefined {
  const digits = text.replace(/[^A-Za-z0-9+/]/g, "");
  try {
    return atob(digits.slice(0, digits.length - (digits.length % 4 === 1 ? 1 : 0)));
  } catch {
    return undefined;
  }
}

export function fromQuotedPrintable(text: string): string {
  return text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

export function decoded(octets: string, charset: string): string {
  const bytes = Uint8Array.from(octets, (character) => character.charCodeAt(0));
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

/** Control and bidirectional override characters as a sign of their own: what is read is what stands there. */
export function visible(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(/[^\P{Cc}\n\t]|[\u2028-\u202e\u2066-\u2069]/gu, "\u{fffd}");
}
