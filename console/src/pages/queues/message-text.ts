/**
 * A message's octets as text to look at: header fields, and the part a person would read. Nothing is interpreted
 * beyond what makes it readable (RFC 2045, 2047), and all of it is shown as text, HTML as its source.
 */
import { decoded, fromBase64, fromQuotedPrintable, visible } from "../../outside-text.ts";

export interface MessageText {
  /** As it was sent, one field a line or more. */
  readonly header: string;
  /** What the text is: `text/plain; charset=utf-8`. */
  readonly kind: string;
  readonly text: string;
}

interface Part {
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Parts within parts are looked into so deep. */
const maxDepth = 6;

/** `octets`: the message or its beginning. Never throws. */
export function messageText(octets: Uint8Array): MessageText {
  // A character for each octet, so that parts can be cut out before their charset is known.
  const whole = binary(octets);
  const [header, body] = divided(whole);
  const found = readable({ fields: fieldsOf(header), body }, 0);
  return {
    header: visible(decoded(header, "utf-8")),
    kind: found?.kind ?? "no text",
    text: visible(found?.text ?? ""),
  };
}

function readable({ fields, body }: Part, depth: number): { kind: string; text: string } | undefined {
  const type = fields.get("content-type") ?? "text/plain";
  const media = type.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const boundary = parameter(type, "boundary");
  if (media.startsWith("multipart/") && boundary !== undefined && depth < maxDepth) {
    const parts = partsOf(body, boundary).map((part) => readable(part, depth + 1));
    return parts.find((part) => part?.kind.startsWith("text/plain") === true) ?? parts.find((part) => part);
  }
  if (!media.startsWith("text/") && media !== "message/delivery-status") return undefined;
  const charset = parameter(type, "charset") ?? "utf-8";
  const encoding = fields.get("content-transfer-encoding")?.trim().toLowerCase();
  const octets =
    encoding === "base64"
      ? (fromBase64(body) ?? body)
      : encoding === "quoted-printable"
        ? fromQuotedPrintable(body.replace(/=[ \t]*\r?\n/g, ""))
        : body;
  return { kind: `${media}; charset=${charset}`, text: decoded(octets, charset) };
}

function partsOf(body: string, boundary: string): readonly Part[] {
  const delimiter = boundary.replace(/[^A-Za-z0-9]/g, "\\$&");
  const [, ...parts] = `\r\n${body}`.split(new RegExp(`\\r?\\n--${delimiter}(?=--|[ \\t]*\\r?\\n|$)`));
  return parts
    .filter((part) => !part.startsWith("--"))
    .map((part) => {
      const [header, content] = divided(part.replace(/^[ \t]*\r?\n/, ""));
      return { fields: fieldsOf(header), body: content };
    });
}

function divided(text: string): readonly [string, string] {
  // A part may have no header of its own: it begins with the empty line.
  const end = /(?:^|\r?\n)\r?\n/.exec(text);
  return end === null ? [text, ""] : [text.slice(0, end.index), text.slice(end.index + end[0].length)];
}

/** By name in lower case, unfolded; the first of each. */
function fieldsOf(header: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of header.replace(/\r?\n[ \t]+/g, " ").split(/\r?\n/)) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toLowerCase();
    if (colon > 0 && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}

function parameter(value: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;]+))`, "i").exec(value);
  return found?.[1] ?? found?.[2];
}

function binary(octets: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < octets.length; at += 8_192)
    pieces.push(String.fromCharCode(...octets.subarray(at, at + 8_192)));
  return pieces.join("");
}
