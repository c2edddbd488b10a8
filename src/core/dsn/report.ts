/**
 * The text of a delivery status notification: multipart/report after RFC 6522, RFC 3464, and for
 * internationalized mail RFC 6533. Everything that came from outside (addresses, ENVID, ORCPT, replies, the
 * original's Subject) is cleaned on its way in: no value can end its line or its MIME part.
 */
import { asciiText, foldedSubject, isAscii, quotedPrintable, singleLine } from "./text.ts";
import { humanPart } from "./human-part.ts";
import { statusPart } from "./status-part.ts";
import { rfc5322Date, type ReportInput, type ReportKind, type ReportOriginal } from "./report-input.ts";

export interface BuiltReport {
  readonly content: Buffer;
  /** Some octet is above 127: the report travels as 8BITMIME. */
  readonly eightBit: boolean;
  /** Addresses or header fields are in UTF-8: the report needs SMTPUTF8. */
  readonly smtpUtf8: boolean;
}

const subjectPrefix: Readonly<Record<ReportKind, string>> = {
  failed: "Undeliverable: ",
  delayed: "Delivery delayed: ",
  relayed: "Relayed: ",
  delivered: "Delivered: ",
};

/**
 * Builds the whole report, lines ending in CRLF. Cost: a copy of the original part. Never throws for anything
 * in its input.
 */
export function buildReport(input: ReportInput): BuiltReport {
  const global = needsGlobal(input);
  const clean = global ? singleLine : asciiText;
  const human = humanPart(input);
  const status = statusPart(input, global);
  const attached = originalPart(input.original, global);
  const boundary = unusedBoundary(input.messageId, [
    Buffer.from(human),
    Buffer.from(status),
    attached?.body ?? Buffer.alloc(0),
  ]);

  const head = [
    `From: Mail Delivery System <${clean(input.from)}>`,
    `To: <${clean(input.to)}>`,
    foldedSubject(subjectPrefix[input.kind], input.original?.subject, global),
    `Date: ${rfc5322Date(input.date)}`,
    `Message-ID: ${asciiText(input.messageId)}`,
    ...references(input.original?.messageId),
    "Auto-Submitted: auto-replied",
    "MIME-Version: 1.0",
    "Content-Type: multipart/report; report-type=delivery-status;",
    ` boundary="${boundary}"`,
  ];
  const eightBit = global || (attached?.eightBit ?? false) || !isAscii(status);
  if (eightBit) head.push("Content-Transfer-Encoding: 8bit");

  const before = [
    ...head,
    "",
    "This is a report on a message in MIME format.",
    "",
    `--${boundary}`,
    "Content-Type: text/plain; charset=utf-8",
    ...(isAscii(human)
      ? ["", human]
      : ["Content-Transfer-Encoding: quoted-printable", "", quotedPrintable(human)]),
    `--${boundary}`,
    `Content-Type: message/${global ? "global-delivery-status" : "delivery-status"}`,
    ...(isAscii(status) ? [] : ["Content-Transfer-Encoding: 8bit"]),
    "",
    status,
  ].join("\r\n");

  const parts: Buffer[] = [Buffer.from(before)];
  if (attached !== undefined) {
    const fields = [
      "",
      `--${boundary}`,
      `Content-Type: ${attached.type}`,
      ...(attached.eightBit ? ["Content-Transfer-Encoding: 8bit"] : []),
      "",
      "",
    ];
    parts.push(Buffer.from(fields.join("\r\n")), attached.body);
  }
  parts.push(Buffer.from(`\r\n--${boundary}--\r\n`));
  return { content: Buffer.concat(parts), eightBit, smtpUtf8: global };
}

/** RFC 6533 forms are used when the original was internationalized mail and something of it is not ASCII. */
function needsGlobal({ smtpUtf8, to, from, recipients, original }: ReportInput): boolean {
  if (!isAscii(to) || !isAscii(from)) return true;
  if (!smtpUtf8) return false;
  return (
    recipients.some(({ finalRecipient }) => !isAscii(finalRecipient)) ||
    (original !== undefined && !isAscii(original.subject ?? "")) ||
    (original?.extent === "headers" && original.eightBit)
  );
}

function originalPart(
  original: ReportOriginal | undefined,
  global: boolean,
): { type: string; body: Buffer; eightBit: boolean } | undefined {
  if (original === undefined) return undefined;
  const { extent, octets, eightBit } = original;
  const type =
    extent === "full"
      ? global
        ? "message/global"
        : "message/rfc822"
      : global
        ? "message/global-headers"
        : eightBit
          ? "text/rfc822-headers; charset=utf-8"
          : "text/rfc822-headers";
  return { type, body: octets, eightBit };
}

function references(messageId: string | undefined): string[] {
  if (messageId === undefined || !/^<[\x21-\x3b\x3d\x3f-\x7e]{1,250}>$/.test(messageId)) return [];
  return [`In-Reply-To: ${messageId}`, `References: ${messageId}`];
}

/** A boundary that stands in none of the parts. */
function unusedBoundary(messageId: string, parts: readonly Buffer[]): string {
  const seed = messageId.replace(/[^A-Za-z0-9]/g, "").slice(0, 40);
  for (let n = 0; ; n++) {
    const boundary = `=_${seed}_${n}`;
    if (!parts.some((part) => part.includes(boundary, 0, "latin1"))) return boundary;
  }
}
