/** The few MIME fields that tell how a part is built: RFC 2045 §5, §6; RFC 2046 §5.1.1. Lenient in reading. */

/** What one entity (a message, or a part of one) says of its body. */
export interface MimeFields {
  /** `type/subtype` in lower case; undefined where there is no Content-Type that can be read. */
  readonly type: string | undefined;
  readonly hasContentType: boolean;
  readonly boundary: string | undefined;
  /** Content-Transfer-Encoding in lower case; `7bit` where there is none. */
  readonly encoding: string;
  readonly hasMimeVersion: boolean;
}

/** `text` is the field's body with its folding. */
export function parseContentType(text: string): {
  readonly type: string | undefined;
  readonly boundary: string | undefined;
} {
  const unfolded = text.replace(/\r\n/g, "");
  const type = /^[\s]*([^\s/;()<>@,"=]+)\s*\/\s*([^\s/;()<>@,"=]+)/.exec(unfolded);
  if (type === null) return { type: undefined, boundary: undefined };
  return { type: `${type[1]}/${type[2]}`.toLowerCase(), boundary: parameter(unfolded, "boundary") };
}

/** Steps over parameters one by one, so that nothing within a quoted value is taken for one. */
function parameter(text: string, wanted: string): string | undefined {
  const each = /;\s*(?:\([^()]*\)\s*)*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\[^])*)"|([^\s;"()]*))/g;
  for (let found = each.exec(text); found !== null; found = each.exec(text)) {
    if (found[1]?.toLowerCase() !== wanted) continue;
    const value = found[2] === undefined ? found[3] : found[2].replace(/\\([^])/g, "$1");
    return value === undefined || value.trimEnd() === "" ? undefined : value.trimEnd();
  }
  return undefined;
}

export function parseTransferEncoding(text: string): string {
  const plain = text.replace(/\([^()]*\)/g, " ").trim();
  return (/^[^\s;]+/.exec(plain)?.[0] ?? "7bit").toLowerCase();
}
