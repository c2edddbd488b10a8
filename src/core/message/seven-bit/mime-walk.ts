/**
 * Walks the MIME structure of a message as its octets come (RFC 2045, RFC 2046 §5.1), without keeping them: memory
 * is a line and the boundaries of the levels that are open. Whatever is not built as it should be ends up in some
 * body; no octet is left out, changed or moved.
 */
import { parseContentType, parseTransferEncoding, type MimeFields } from "./mime-fields.ts";

export interface Entity extends MimeFields {
  /** In the order of their headers; 0 is the message itself. */
  readonly index: number;
  /**
   * `leaf`: its body can be encoded. `multipart`, `message`: the body has entities of its own. `sealed`: the body
   * must stay as it is, for a signature or because it is encoded already, and is not looked into.
   */
  readonly kind: "leaf" | "multipart" | "message" | "sealed";
  /** It begins a message: the whole, or one within message/rfc822. */
  readonly isMessage: boolean;
}

export type FieldKind = "contentTransferEncoding" | "other";

/** All octets of the message come by `headerLine`, `headerEnd`, `body` and `delimiter`, in order. */
export interface MimeVisitor {
  /** A header begins. */
  entity(index: number): void;
  /** A line of the header, or a piece of a very long one. Valid during the call only. */
  headerLine(octets: Buffer, field: FieldKind): void;
  /** The header is complete. `emptyLine` is what ended it: CRLF, or nothing. */
  headerEnd(emptyLine: Buffer, entity: Entity): void;
  /** Octets of the body that was announced last by `headerEnd`; of a `multipart`: what no reader is shown. */
  body(octets: Buffer): void;
  /**
   * That body is complete. Comes once for each `headerEnd`, for a multipart before its first part; `hasParts` tells
   * whether one follows.
   */
  bodyEnd(hasParts: boolean): void;
  /** A delimiter line with the CRLF before it. */
  delimiter(octets: Buffer): void;
  /** Behind the last part of a multipart: what no reader is shown. */
  epilogue(octets: Buffer): void;
}

/** Deeper nesting is not looked into. */
const mostLevels = 100;
const longestHeaderLine = 64 * 1024;
const longestFieldKept = 16 * 1024;
/** RFC 2046 §5.1.1: 70 characters; some write more. */
const longestDelimiterLine = 1000;
const identityEncodings = new Set(["7bit", "8bit", "binary"]);
/** RFC 1847 §2.1, RFC 2046 §5.2.2, §5.2.3. */
const sealedTypes = new Set(["multipart/signed", "message/partial", "message/external-body"]);
const messageTypes = new Set(["message/rfc822", "message/news"]);
const nothing = Buffer.alloc(0);
const dash = 0x2d;

interface Level {
  readonly boundary: string;
  readonly digest: boolean;
  /** `#messages` where it was opened. */
  readonly messages: number;
}

interface Delimiter {
  readonly depth: number;
  readonly closes: boolean;
}

export class MimeWalk {
  readonly #visitor: MimeVisitor;
  readonly #levels: Level[] = [];
  #state: "header" | "body" | "epilogue" = "header";
  #held = nothing;
  #entities = 0;
  /** Messages within messages have no boundary, but count as levels. */
  #messages = 0;
  #isMessage = true;
  /** The part's type where it names none. */
  #defaultType = "text/plain";
  /** The field whose lines come now, and whether its value is kept. */
  #field = "";
  #keeping = false;
  #value = "";
  #fields = emptyFields();
  /** A line of the header is being given in pieces. */
  #withinLine = false;
  #atLineStart = true;

  constructor(visitor: MimeVisitor) {
    this.#visitor = visitor;
    visitor.entity(0);
  }

  feed(octets: Buffer): void {
    const data = this.#held.length === 0 ? octets : Buffer.concat([this.#held, octets]);
    const done = this.#walk(data, false);
    this.#held = done === data.length ? nothing : Buffer.from(data.subarray(done));
  }

  /** The message is complete. */
  end(): void {
    const data = this.#held;
    this.#held = nothing;
    this.#walk(data, true);
    while (this.#state === "header") this.#endHeader(nothing);
    if (this.#state === "body") this.#visitor.bodyEnd(false);
  }

  /** Returns how far it came; the rest has to be seen with what follows it. */
  #walk(data: Buffer, final: boolean): number {
    let at = 0;
    while (at < data.length) {
      const next =
        this.#state === "header" ? this.#headerStep(data, at, final) : this.#bodyStep(data, at, final);
      if (next === undefined) break;
      at = next;
    }
    return at;
  }

  #headerStep(data: Buffer, at: number, final: boolean): number | undefined {
    const found = data.indexOf("\r\n", at, "latin1");
    if (found < 0) {
      if (!final && data.length - at <= longestHeaderLine) return undefined;
      // The last octet may be the CR of a CRLF.
      const end = final ? data.length : data.length - 1;
      this.#headerPiece(data.subarray(at, end));
      this.#withinLine = true;
      return end;
    }
    const end = found + 2;
    if (!this.#withinLine) {
      if (found === at) {
        this.#endHeader(data.subarray(at, end));
        return end;
      }
      const level = this.#levelOf(data, at, found);
      if (level !== undefined) {
        while (this.#state === "header") this.#endHeader(nothing);
        this.#visitor.bodyEnd(false);
        this.#delimiter(data.subarray(at, end), level);
        return end;
      }
    }
    this.#headerPiece(data.subarray(at, end));
    this.#withinLine = false;
    return end;
  }

  #headerPiece(line: Buffer): void {
    const isContinuation = this.#withinLine || line[0] === 0x20 || line[0] === 0x09;
    if (!isContinuation) this.#beginField(line);
    const value = isContinuation ? line : line.subarray(line.indexOf(0x3a) + 1);
    if (this.#keeping && this.#value.length < longestFieldKept) {
      this.#value += value.toString("latin1", 0, longestFieldKept);
    }
    this.#visitor.headerLine(
      line,
      this.#field === "content-transfer-encoding" ? "contentTransferEncoding" : "other",
    );
  }

  /** Of repeated fields the first counts. */
  #beginField(line: Buffer): void {
    this.#endField();
    const fields = this.#fields;
    this.#field = fieldName(line);
    this.#value = "";
    this.#keeping =
      (this.#field === "content-type" && fields.contentType === undefined) ||
      (this.#field === "content-transfer-encoding" && fields.transferEncoding === undefined);
    if (this.#field === "mime-version") fields.hasMimeVersion = true;
  }

  #endField(): void {
    if (!this.#keeping) return;
    this.#keeping = false;
    if (this.#field === "content-type") this.#fields.contentType = this.#value;
    else this.#fields.transferEncoding = this.#value;
  }

  #endHeader(emptyLine: Buffer): void {
    this.#endField();
    const { contentType, transferEncoding, hasMimeVersion } = this.#fields;
    const hasContentType = contentType !== undefined;
    const { type, boundary } = parseContentType(contentType ?? this.#defaultType);
    const encoding = transferEncoding === undefined ? "7bit" : parseTransferEncoding(transferEncoding);
    const deep = this.#levels.length + this.#messages >= mostLevels;
    const kind = kindOf(type, encoding, boundary, deep);
    const index = this.#entities++;
    const isMessage = this.#isMessage;
    this.#visitor.headerEnd(emptyLine, {
      index,
      kind,
      isMessage,
      type,
      hasContentType,
      boundary,
      encoding,
      hasMimeVersion,
    });
    this.#atLineStart = true;
    if (kind === "multipart" && boundary !== undefined) {
      this.#levels.push({ boundary, digest: type === "multipart/digest", messages: this.#messages });
    }
    if (kind === "message") {
      this.#visitor.bodyEnd(true);
      this.#messages++;
      this.#beginHeader(true, "text/plain");
    } else {
      this.#state = "body";
    }
  }

  #beginHeader(isMessage: boolean, defaultType: string): void {
    this.#state = "header";
    this.#isMessage = isMessage;
    this.#defaultType = defaultType;
    this.#field = "";
    this.#fields = emptyFields();
    this.#withinLine = false;
    this.#visitor.entity(this.#entities);
  }

  #bodyStep(data: Buffer, at: number, final: boolean): number | undefined {
    if (this.#levels.length === 0) {
      this.#bodyOctets(data.subarray(at));
      return data.length;
    }
    const open = this.#atLineStart;
    if (open && !final && data.length - at < 2) return undefined;
    const first = open && data[at] === dash && data[at + 1] === dash;
    const found = first ? at : data.indexOf("\r\n--", at, "latin1");
    if (found < 0) {
      // A line end and dashes may be cut by the end of the data.
      const safe = final ? data.length : Math.max(at, data.length - 3);
      if (safe === at) return undefined;
      this.#bodyOctets(data.subarray(at, safe));
      return safe;
    }
    const line = first ? at : found + 2;
    const lineEnd = data.indexOf("\r\n", line, "latin1");
    if (lineEnd < 0 && !final && data.length - line <= longestDelimiterLine) {
      this.#bodyOctets(data.subarray(at, found));
      return found === at ? undefined : found;
    }
    const level = this.#levelOf(data, line, lineEnd < 0 ? data.length : lineEnd);
    if (level === undefined) {
      this.#bodyOctets(data.subarray(at, line + 2));
      return line + 2;
    }
    this.#bodyOctets(data.subarray(at, found));
    const end = lineEnd < 0 ? data.length : lineEnd + 2;
    if (this.#state === "body") {
      this.#visitor.bodyEnd(!level.closes && level.depth === this.#ownLevel);
    }
    this.#delimiter(data.subarray(found, end), level);
    return end;
  }

  /** Of the multipart whose preamble this is: it was opened last. For a leaf it says nothing. */
  get #ownLevel(): number {
    return this.#levels.length - 1;
  }

  #bodyOctets(octets: Buffer): void {
    if (octets.length === 0) return;
    this.#atLineStart = false;
    if (this.#state === "epilogue") this.#visitor.epilogue(octets);
    else this.#visitor.body(octets);
  }

  /** The open level whose delimiter this line is, and whether it closes that level. The innermost one first. */
  #levelOf(data: Buffer, from: number, to: number): Delimiter | undefined {
    if (to - from > longestDelimiterLine || data[from] !== dash || data[from + 1] !== dash) return undefined;
    const line = data.toString("latin1", from + 2, to).replace(/[ \t]+$/, "");
    for (let depth = this.#levels.length - 1; depth >= 0; depth--) {
      const boundary = this.#levels[depth]?.boundary ?? "";
      if (line === boundary) return { depth, closes: false };
      if (line.length === boundary.length + 2 && line.startsWith(boundary) && line.endsWith("--")) {
        return { depth, closes: true };
      }
    }
    return undefined;
  }

  #delimiter(octets: Buffer, { depth, closes }: Delimiter): void {
    this.#visitor.delimiter(octets);
    const { digest, messages } = this.#levels[depth] as Level;
    this.#messages = messages;
    this.#levels.length = closes ? depth : depth + 1;
    this.#atLineStart = true;
    if (closes) this.#state = "epilogue";
    else this.#beginHeader(false, digest ? "message/rfc822" : "text/plain");
  }
}

function emptyFields(): {
  contentType: string | undefined;
  transferEncoding: string | undefined;
  hasMimeVersion: boolean;
} {
  return { contentType: undefined, transferEncoding: undefined, hasMimeVersion: false };
}

function fieldName(line: Buffer): string {
  const colon = line.subarray(0, 100).indexOf(0x3a);
  return colon < 0 ? "" : line.toString("latin1", 0, colon).trimEnd().toLowerCase();
}

function kindOf(
  type: string | undefined,
  encoding: string,
  boundary: string | undefined,
  deep: boolean,
): Entity["kind"] {
  if (!identityEncodings.has(encoding) || sealedTypes.has(type ?? "")) return "sealed";
  if (messageTypes.has(type ?? "")) return deep ? "sealed" : "message";
  if (type?.startsWith("multipart/") === true) return boundary === undefined || deep ? "sealed" : "multipart";
  return "leaf";
}
