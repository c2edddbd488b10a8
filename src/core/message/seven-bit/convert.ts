/** Makes a message 7-bit by a plan (RFC 6152 §3): the second reading of what `surveyForSevenBit` read. */
import { createBase64Encoder } from "./base64.ts";
import { MimeWalk, type MimeVisitor } from "./mime-walk.ts";
import { createQuotedPrintableEncoder, type TransferEncoder } from "./quoted-printable.ts";
import type { EntityChange, SevenBitPlan } from "./survey.ts";

export interface Conversion {
  /** What can be given already: views of the octets handed in, and octets made anew. */
  feed(octets: Buffer): Buffer[];
  end(): Buffer[];
}

/**
 * The same octets in the same order as in the survey, in pieces of any size. Bodies the plan names are encoded and
 * labelled so; all else passes octet for octet. Cost: one pass; memory is a piece and what the encoders hold back.
 */
export function convertToSevenBit(plan: SevenBitPlan): Conversion {
  let out: Buffer[] = [];
  let change: EntityChange | undefined;
  let labelled = false;
  let encoder: TransferEncoder | undefined;

  const write = (octets: Buffer): void => {
    if (octets.length > 0) out.push(octets);
  };
  const label = (): void => {
    if (labelled || change?.encoding === undefined) return;
    labelled = true;
    write(Buffer.from(`Content-Transfer-Encoding: ${change.encoding}\r\n`, "latin1"));
  };
  const visitor: MimeVisitor = {
    entity(index) {
      change = plan.changes.get(index);
      labelled = false;
    },
    headerLine(octets, field) {
      if (field === "contentTransferEncoding" && change?.encoding !== undefined) label();
      else write(octets);
    },
    headerEnd(emptyLine, { index, isMessage, hasMimeVersion }) {
      // Without an empty line there is no body, and perhaps no end of the last line.
      if (emptyLine.length > 0) {
        const changed = index === 0 ? plan.changes.size > 0 : change?.encoding !== undefined;
        if (isMessage && changed && !hasMimeVersion) write(Buffer.from("MIME-Version: 1.0\r\n", "latin1"));
        if (change?.contentType !== undefined) {
          write(Buffer.from(`Content-Type: ${change.contentType}\r\n`, "latin1"));
        }
        label();
      }
      write(emptyLine);
      encoder = encoderFor(change);
    },
    body(octets) {
      if (encoder !== undefined) write(encoder.feed(octets));
      else write(change?.maskPreamble === true ? masked(octets) : octets);
    },
    bodyEnd() {
      if (encoder !== undefined) write(encoder.end());
      encoder = undefined;
    },
    delimiter: write,
    epilogue: (octets) => write(masked(octets)),
  };
  const walk = new MimeWalk(visitor);
  const taken = (): Buffer[] => {
    const all = out;
    out = [];
    return all;
  };

  return {
    feed(octets) {
      walk.feed(octets);
      return taken();
    },
    end() {
      walk.end();
      return taken();
    },
  };
}

function encoderFor(change: EntityChange | undefined): TransferEncoder | undefined {
  if (change?.encoding === "quoted-printable") return createQuotedPrintableEncoder();
  return change?.encoding === "base64" ? createBase64Encoder() : undefined;
}

const questionMark = 0x3f;

/** Octets above 127 as `?`. */
function masked(octets: Buffer): Buffer {
  return octets.some((octet) => octet > 127)
    ? Buffer.from(octets.map((octet) => (octet > 127 ? questionMark : octet)))
    : octets;
}
