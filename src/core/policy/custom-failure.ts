/**
 * Replies that an administrator takes for others than their class says (`customFailures`). Exchange has the policies,
 * DowngradeCustomFailures ("particular SMTP errors are treated as transient") and UpgradeCustomFailures ("custom transient
 * failures … are treated as permanent"), and does not say where the list stands; here it is a setting beside them.
 * Source: Set-SendConnector, ErrorPolicies.
 */
import { type Parsed, parsed, quoted, unparsable } from "../units/parsed.ts";

/** What is given has to fit. */
export interface CustomFailure {
  readonly text: string;
  readonly code: number | undefined;
  /** RFC 3463, `5.7.64`. */
  readonly status: string | undefined;
  /** Pieces of what stands behind, in this order, lower case. */
  readonly words: readonly string[];
  readonly isPermanent: boolean;
}

/** `550`, `5.7.64`, `550 5.7.64`, each with words behind it, in which `*` stands for any others. */
export function parseCustomFailure(input: string): Parsed<CustomFailure> {
  const text = input.trim();
  const [, code, status, words = ""] =
    /^(?:([45]\d\d)(?:[ -]|$))?\s*(?:([45]\.\d{1,3}\.\d{1,3})(?:\s|$))?\s*(.*)$/u.exec(text) ?? [];
  if (code === undefined && status === undefined)
    return unparsable(
      `${quoted(text)} begins with no reply code and no enhanced status code; write "550", "5.7.64" or "550 5.7.1 *blocked*"`,
    );
  const classes = new Set([code, status].flatMap((each) => (each === undefined ? [] : [each[0]])));
  if (classes.size > 1) return unparsable(`${quoted(text)} is of two classes, 4 and 5`);
  return parsed({
    text,
    code: code === undefined ? undefined : Number(code),
    status,
    words: words
      .toLowerCase()
      .split("*")
      .map((piece) => piece.trim())
      .filter((piece) => piece !== ""),
    isPermanent: classes.has("5"),
  });
}

/** `text`: as the peer said it, its lines joined by blanks, the enhanced status code included. Cost: some searches. */
export function isCustomFailure(failure: CustomFailure, code: number, text: string): boolean {
  if (failure.code !== undefined && failure.code !== code) return false;
  if (failure.code === undefined && failure.isPermanent !== code >= 500) return false;
  const said = /^(\d\.\d{1,3}\.\d{1,3})\b/u.exec(text)?.[1];
  if (failure.status !== undefined && failure.status !== said) return false;
  const lower = text.toLowerCase();
  let at = 0;
  return failure.words.every((piece) => {
    const found = lower.indexOf(piece, at);
    at = found + piece.length;
    return found >= 0;
  });
}
