/** Whose mail it is: the domain that a signature has to be of, so that it counts for DMARC (RFC 7489 §3.1.1). */

/**
 * The domain of the first address of a From field's value, as written; undefined where there is none. Comments, quoted
 * strings and display names are passed over, whatever they hold. Where one has no end, as in `Ops :( <ops@contoso.com>`, the last
 * address in angle brackets counts. Cost: one pass.
 */
export function authorDomain(from: string): string | undefined {
  const bare = withoutQuotedAndComments(from);
  if (bare === undefined) return /<[^<>]*@([^<>@,;:\s]+)\s*>\s*$/u.exec(from)?.[1];
  const inBrackets = /<[^<>]*@([^<>@,;:\s]+)\s*>/u.exec(bare);
  const [, domain] = inBrackets ?? /@\s*([^<>@,;:\s]+)/u.exec(bare) ?? [];
  return domain;
}

/** What stands in quotes or parentheses, made one space or nothing; quoted pairs included; undefined where one has no end. */
function withoutQuotedAndComments(text: string): string | undefined {
  let kept = "";
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === "\\" && (isQuoted || depth > 0)) at++;
    else if (isQuoted) isQuoted = character !== '"';
    else if (character === "(") depth++;
    else if (depth > 0) {
      if (character === ")") depth--;
    } else if (character === '"') isQuoted = true;
    else kept += character;
  }
  return isQuoted || depth > 0 ? undefined : kept;
}
