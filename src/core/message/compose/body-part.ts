/** Text and attachments as MIME parts: 7-bit whatever they hold (RFC 2045 §6). */
import { createBase64Encoder } from "../seven-bit/base64.ts";
import { quotedPrintable } from "../seven-bit/quoted-printable.ts";
import { isSevenBit } from "../seven-bit/is-seven-bit.ts";
import type { EmailAttachment } from "./email.ts";
import { anyOctets, fieldWithParameter, mediaTypeOf, plainFilename } from "./media-type.ts";

/** Its fields, each with its line end, and its encoded body, that ends in no line end of its own. */
export interface BodyPart {
  readonly fields: string;
  readonly body: readonly Buffer[];
}

export function textPart(subtype: "plain" | "html", text: string): BodyPart {
  const octets = Buffer.from(text.replaceAll(/\r\n|\r|\n/g, "\r\n"));
  const { encoding, body } = encodedText(octets);
  return {
    fields: `Content-Type: text/${subtype}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n`,
    body: [body],
  };
}

function encodedText(octets: Buffer): { readonly encoding: string; readonly body: Buffer } {
  if (isSevenBit(octets)) return { encoding: "7bit", body: octets };
  const quoted = quotedPrintable(octets);
  // Base64 adds a third, and line ends.
  return quoted.length <= octets.length * 1.4
    ? { encoding: "quoted-printable", body: quoted }
    : { encoding: "base64", body: base64(octets) };
}

export function attachmentPart(attachment: EmailAttachment): BodyPart {
  const { content, contentId } = attachment;
  const filename = attachment.filename === undefined ? undefined : plainFilename(attachment.filename);
  const given = attachment.contentType ?? mediaTypeOf(filename);
  // RFC 2046 §5.2.1: a message within a message is not to be encoded.
  const isMessage = /^message\//i.test(given);
  const isPlain = isMessage && isSevenBit(content);
  const type = isMessage && !isPlain ? anyOctets : given;
  const disposition = attachment.disposition ?? (contentId === undefined ? "attachment" : "inline");
  return {
    fields: [
      fieldWithParameter("Content-Type", type, "name", hasParameter(type, "name") ? undefined : filename),
      `Content-Transfer-Encoding: ${isPlain ? "7bit" : "base64"}\r\n`,
      fieldWithParameter("Content-Disposition", disposition, "filename", filename),
      ...(contentId === undefined ? [] : [`Content-ID: <${contentId}>\r\n`]),
    ].join(""),
    body: [isPlain ? content : base64(content)],
  };
}

function hasParameter(type: string, name: string): boolean {
  return new RegExp(`;\\s*${name}\\*?\\d*\\*?=`, "i").test(type);
}

function base64(octets: Buffer): Buffer {
  const encoder = createBase64Encoder();
  return Buffer.concat([encoder.feed(octets), encoder.end()]);
}
