/**
 * The text of a delivery status notification: multipart/report after RFC 6522, RFC 3464, and for a sender whose
 * address is not ASCII RFC 6533. All others get 7-bit mail in lines of at most 998 octets: a report must not die of
 * what the message died of. Everything that came from outside (addresses, ENVID, ORCPT, replies, the
 * original's Subject) is cleaned on its way in: no value can end its line or its MIME part.
 */
import { isSevenBit } from "../message/seven-bit/is-seven-bit.ts";
import { quotedPrintable } from "../message/seven-bit/quoted-printable.ts";
import { asciiText, foldedSubject, isAscii, singleLine } from "./text.ts";
import { humanPart } from "./human-part.ts";
import { statusPart } from "./status-part.ts";
import { rfc5322Date, type ReportInput, type ReportKind, type ReportOriginal } from "./report-input.ts";

export interface BuiltReport {
  readonly content: Buffer;
  /** It has UTF-8 addresses, and needs SMTPUTF8. All others are 7-bit, whatever they tell of. */
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
  // Only one that is to be reached by SMTPUTF8 anyway is given its forms.
  const global = !isAscii(input.to);
  const clean = global ? singleLine : asciiText;
  const human = Buffer.from(humanPart(input));
  const status = statusPart(input, global);
  const humanIsPlain = isSevenBit(human);
  const text = humanIsPlain ? human : quotedPrintable(human);
  const attached = input.original === undefined ? undefined : originalPart(input.original, global);
  const boundary = unusedBoundary(input.messageId, [
    text,
    Buffer.from(status),
    attached?.body ?? Buffer.alloc(0),
  ]);

  const before = [
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
    ...(global ? ["Content-Transfer-Encoding: 8bit"] : []),
    "",
    "This is a report on a message in MIME format.",
    "",
    `--${boundary}`,
    "Content-Type: text/plain; charset=utf-8",
    ...(humanIsPlain ? [] : ["Content-Transfer-Encoding: quoted-printable"]),
    "",
    text.toString("latin1"),
    `--${boundary}`,
    ...(global
      ? ["Content-Type: message/global-delivery-status", "Content-Transfer-Encoding: 8bit"]
      : ["Content-Type: message/delivery-status"]),
    "",
    status,
  ].join("\r\n");

  const parts: Buffer[] = [Buffer.from(before)];
  if (attached !== undefined) {
    const fields = ["", `--${boundary}`, ...attached.fields, "", ""];
    parts.push(Buffer.from(fields.join("\r\n")), attached.body);
  }
  parts.push(Buffer.from(`\r\n--${boundary}--\r\n`));
  return { content: Buffer.concat(parts), smtpUtf8: global };
}

/** A header section with anything but plain ASCII lines is encoded, as RFC 6522 §4 allows for broken ones. */
function originalPart(
  { extent, octets }: ReportOriginal,
  global: boolean,
): { readonly fields: readonly string[]; readonly body: Buffer } {
  if (extent === "full") return { fields: ["Content-Type: message/rfc822"], body: octets };
  if (isSevenBit(octets)) return { fields: ["Content-Type: text/rfc822-headers"], body: octets };
  const text = octets.toString("utf8");
  const isUtf8 = Buffer.from(text).equals(octets);
  const type =
    global && isUtf8
      ? "message/global-headers"
      : `text/rfc822-headers; charset=${isUtf8 ? "utf-8" : "unknown-8bit"}`;
  return {
    fields: [`Content-Type: ${type}`, "Content-Transfer-Encoding: quoted-printable"],
    body: quotedPrintable(octets),
  };
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
