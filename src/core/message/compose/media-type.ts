/** What an attachment is: its media type as given, or by its name, and the parameters of its fields (RFC 2045, RFC 2231). */
import { foldedField, isLine } from "./header-field.ts";

/** By the end of the file name, lower case. */
const byExtension: Readonly<Record<string, string>> = {
  bmp: "image/bmp",
  css: "text/css",
  csv: "text/csv",
  doc: "application/msword",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  gif: "image/gif",
  gz: "application/gzip",
  htm: "text/html",
  html: "text/html",
  ics: "text/calendar",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  json: "application/json",
  md: "text/markdown",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  odt: "application/vnd.oasis.opendocument.text",
  ods: "application/vnd.oasis.opendocument.spreadsheet",
  pdf: "application/pdf",
  png: "image/png",
  ppt: "application/vnd.ms-powerpoint",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  rtf: "application/rtf",
  svg: "image/svg+xml",
  tif: "image/tiff",
  tiff: "image/tiff",
  txt: "text/plain",
  vcf: "text/vcard",
  webp: "image/webp",
  xls: "application/vnd.ms-excel",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  xml: "application/xml",
  zip: "application/zip",
};

export const anyOctets = "application/octet-stream";

export function mediaTypeOf(filename: string | undefined): string {
  const [, extension = ""] = /\.([a-z0-9]{1,8})$/i.exec(filename ?? "") ?? [];
  const known = extension.toLowerCase();
  return Object.hasOwn(byExtension, known) ? byExtension[known]! : anyOctets;
}

const token = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
const given = new RegExp(
  `^${token}/${token}(?:[ \\t]*;[ \\t]*${token}=(?:${token}|"(?:[^"\\\\\\r\\n\\0]|\\\\[\\x20-\\x7e])*"))*[ \\t]*;?$`,
);

/** Why a media type is not taken; undefined: it is. */
export function mediaTypeFault(contentType: string): string | undefined {
  if (contentType.length > 300 || !/^[\t\x20-\x7e]*$/.test(contentType) || !given.test(contentType))
    return "is no media type, such as application/pdf";
  return /^multipart\//i.test(contentType) ? "multipart is no media type of an attachment" : undefined;
}

/** The last of its path: where it stood is nobody's business. Undefined: there is none. */
export function plainFilename(filename: string): string | undefined {
  const last = filename
    .split(/[/\\]/)
    .map((part) => part.trim())
    .findLast((part) => part !== "");
  return last === "." || last === ".." ? undefined : last;
}

/** Why a file name is not taken; undefined: it is. */
export function filenameFault(filename: string): string | undefined {
  if (!isLine(filename)) return "holds a line end or a NUL";
  // Shown right to left from there on, `exe.` in front of `pdf` reads as another kind of file.
  const [turn] = /[\u202a-\u202e\u2066-\u2069]/.exec(filename) ?? [];
  return turn === undefined
    ? undefined
    : `holds U+${turn.charCodeAt(0).toString(16).toUpperCase()}, which turns the direction of writing`;
}

/** `Content-Type: value; name=…`, each parameter in a line of its own where it needs one. */
export function fieldWithParameter(
  name: string,
  value: string,
  parameter: string,
  parameterValue: string | undefined,
): string {
  const parameters = parameterValue === undefined ? [] : parameterPieces(parameter, parameterValue);
  const pieces = [value, ...parameters];
  return foldedField(
    name,
    pieces.map((piece, index) => (index === pieces.length - 1 ? piece : `${piece.replace(/;\s*$/, "")};`)),
  );
}

/** With room for `filename*99*=` and the line's beginning. Characters. */
const mostSectionChars = 56;

/** RFC 2231 §3 and §4: what is not ASCII in percents, in sections that fit a line. */
function parameterPieces(name: string, value: string): readonly string[] {
  if (/^[A-Za-z0-9!#$&+.^_`|~-]+$/.test(value) && value.length <= mostSectionChars)
    return [`${name}=${value}`];
  if (/^[\x20-\x7e]*$/.test(value) && value.length <= 2 * mostSectionChars)
    return [`${name}="${value.replaceAll(/["\\]/g, "\\$&")}"`];
  const sections: string[] = [];
  let section = "utf-8''";
  for (const character of value) {
    const coded = extendedOctets(character);
    if (section.length + coded.length > mostSectionChars) {
      sections.push(section);
      section = "";
    }
    section += coded;
  }
  sections.push(section);
  return sections.length === 1
    ? [`${name}*=${section}`]
    : sections.map((one, index) => `${name}*${index}*=${one}`);
}

function extendedOctets(character: string): string {
  if (/^[A-Za-z0-9!#$&+.^_`|~-]$/.test(character)) return character;
  return Array.from(
    Buffer.from(character),
    (octet) => `%${octet.toString(16).toUpperCase().padStart(2, "0")}`,
  ).join("");
}
