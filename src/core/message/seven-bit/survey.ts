/** What has to be done to a message so that it is 7-bit (RFC 6152 §3, RFC 2045 §6), found by reading it once. */
import { hasHighOctet } from "../../octets/high-octet.ts";
import { MimeWalk, type Entity, type MimeVisitor } from "./mime-walk.ts";

/** What becomes of one entity. */
export interface EntityChange {
  /** The new Content-Transfer-Encoding; `7bit`: only the label was wrong. Undefined: it stays. */
  readonly encoding: "quoted-printable" | "base64" | "7bit" | undefined;
  /** Content-Type to be added where there is none. */
  readonly contentType?: string;
  /** Octets above 127 where no reader looks become `?`. */
  readonly maskPreamble?: true;
}

export interface SevenBitPlan {
  /** By the entity's index. */
  readonly changes: ReadonlyMap<number, EntityChange>;
  /** Where octets above 127 stay, in words for an administrator; empty when the result is 7-bit. */
  readonly kept: readonly string[];
  /** What stays cannot go by DATA at all: NUL, or a CR or LF of its own. */
  readonly keepsBinary: boolean;
  /** There is a DKIM-Signature, which a changed body breaks. */
  readonly dkimSigned: boolean;
}

export interface Survey {
  feed(octets: Buffer): void;
  /** The message is complete. */
  end(): SevenBitPlan;
}

/** RFC 5321 §4.5.3.1.6, without CRLF. */
const longestLine = 998;
/** Further parts stay as they are. */
const mostChanges = 50_000;
const carriageReturn = 13;
const lineFeed = 10;
const tab = 9;
const equals = 0x3d;

/** Cost: one pass, a note for each part to be changed. Memory does not grow with the octets. */
export function surveyForSevenBit(): Survey {
  const changes = new Map<number, EntityChange>();
  const labels: number[] = [];
  const kept = new Set<string>();
  let keepsBinary = false;
  let dkimSigned = false;
  let index = 0;
  let entity: Entity | undefined;
  let octetsIn = new BodyCount();
  /** Of what is never encoded: headers and epilogues. */
  const bare = new BareOctets();

  const change = (at: number, what: EntityChange): void => {
    if (changes.size < mostChanges) changes.set(at, what);
    else kept.add("more parts than are converted");
  };

  const visitor: MimeVisitor = {
    entity(at) {
      bare.end();
      index = at;
    },
    headerLine(octets) {
      if (hasHighOctet(octets)) kept.add(index === 0 ? "the header" : "the header of a part");
      bare.add(octets);
      if (index === 0 && isDkimSignature(octets)) dkimSigned = true;
    },
    headerEnd(_emptyLine, ended) {
      bare.end();
      entity = ended;
      octetsIn = new BodyCount(ended.kind === "leaf" && !ended.hasContentType);
    },
    body(octets) {
      octetsIn.add(octets);
    },
    bodyEnd(hasParts) {
      if (entity === undefined) return;
      const { kind, type, encoding, hasContentType } = entity;
      const { high } = octetsIn;
      const binary = octetsIn.binary || octetsIn.endsInCr;
      const mislabelled = encoding === "8bit" || encoding === "binary";
      switch (kind) {
        case "leaf":
          if (octetsIn.needsEncoding) {
            const charset = octetsIn.isUtf8 ? "utf-8" : "unknown-8bit";
            change(index, {
              encoding: octetsIn.encodingFor(type),
              ...(!hasContentType && high > 0
                ? { contentType: `text/plain; charset=${charset}` }
                : undefined),
            });
          } else if (mislabelled) change(index, { encoding: "7bit" });
          break;
        case "sealed":
          if (high > 0) kept.add(sealedWords(entity));
          keepsBinary ||= binary;
          break;
        case "multipart":
          if (mislabelled) labels.push(index);
          keepsBinary ||= binary;
          if (high === 0) break;
          if (hasParts) change(index, { encoding: undefined, maskPreamble: true });
          else kept.add("a multipart without parts");
          break;
        case "message":
          if (mislabelled) labels.push(index);
      }
      octetsIn = new BodyCount();
    },
    delimiter: () => undefined,
    epilogue: (octets) => bare.add(octets),
  };
  const walk = new MimeWalk(visitor);

  return {
    feed: (octets) => walk.feed(octets),
    end() {
      walk.end();
      // What holds something 8-bit still keeps its label.
      if (kept.size === 0) {
        for (const at of labels) change(at, { ...changes.get(at), encoding: "7bit" });
      }
      bare.end();
      return { changes, kept: [...kept], keepsBinary: keepsBinary || bare.found, dkimSigned };
    },
  };
}

function sealedWords({ type, encoding }: Entity): string {
  if (type === "multipart/signed") return "a signed part";
  return encoding === "7bit" || encoding === "8bit" || encoding === "binary"
    ? `a part of type ${type ?? "unknown"}`
    : `a part that is ${encoding} already`;
}

const dkim = "dkim-signature:";
function isDkimSignature(line: Buffer): boolean {
  return (line[0]! | 0x20) === 0x64 && line.toString("latin1", 0, dkim.length).toLowerCase() === dkim;
}

/**
 * Looks for NUL and for a CR or LF of its own where nothing can be encoded. A next hop may take such a line end for
 * one, and a dot between two of them for the end of the message: what stands behind would be commands.
 */
class BareOctets {
  found = false;
  #last = 0;

  add(octets: Buffer): void {
    let last = this.#last;
    for (let i = 0; i < octets.length; i++) {
      const octet = octets[i]!;
      if (octet === 0 || (octet === lineFeed) !== (last === carriageReturn)) this.found = true;
      last = octet;
    }
    this.#last = last;
  }

  /** What comes next stands elsewhere. */
  end(): void {
    if (this.#last === carriageReturn) this.found = true;
    this.#last = 0;
  }
}

/** Counts what decides on the encoding of one body. */
class BodyCount {
  high = 0;
  binary = false;
  #octets = 0;
  #escapes = 0;
  #column = 0;
  #longLine = false;
  #last = 0;
  #decoder: InstanceType<typeof TextDecoder> | undefined;

  constructor(asksCharset = false) {
    if (asksCharset) this.#decoder = new TextDecoder("utf-8", { fatal: true });
  }

  add(octets: Buffer): void {
    let { high, binary } = this;
    let column = this.#column;
    let escapes = this.#escapes;
    let last = this.#last;
    for (let i = 0; i < octets.length; i++) {
      const octet = octets[i]!;
      if (octet === lineFeed) {
        if (last !== carriageReturn) binary = true;
        else column = 0;
      } else {
        if (last === carriageReturn) binary = true;
        if (octet > 126 || octet === equals) escapes++;
        if (octet > 127) high++;
        else if (octet < 32 && octet !== carriageReturn && octet !== tab) {
          escapes++;
          if (octet === 0) binary = true;
        }
        if (octet !== carriageReturn && ++column > longestLine) this.#longLine = true;
      }
      last = octet;
    }
    this.high = high;
    this.binary = binary;
    this.#octets += octets.length;
    this.#column = column;
    this.#escapes = escapes;
    this.#last = last;
    this.#decode(octets);
  }

  #decode(octets: Buffer): void {
    try {
      this.#decoder?.decode(octets, { stream: true });
    } catch {
      this.#decoder = undefined;
    }
  }

  /** What follows a body begins with a line end of its own. */
  get endsInCr(): boolean {
    return this.#last === carriageReturn;
  }

  get needsEncoding(): boolean {
    return this.high > 0 || this.binary || this.#longLine || this.endsInCr;
  }

  /** Text stays legible, the rest gets short. What has line ends of its own is no text. */
  encodingFor(type: string | undefined): "quoted-printable" | "base64" {
    if (this.binary) return "base64";
    const isText = type === undefined || type.startsWith("text/");
    return this.#escapes * 2 <= this.#octets * (isText ? 1 : 0.37) ? "quoted-printable" : "base64";
  }

  /** Only where it was asked for. */
  get isUtf8(): boolean {
    try {
      this.#decoder?.decode();
      return this.#decoder !== undefined;
    } catch {
      return false;
    }
  }
}
