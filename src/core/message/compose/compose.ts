/**
 * A message out of its parts, for doors that are given JSON: header fields, alternatives, related images and attachments
 * (RFC 5322, RFC 2046). All of it is ASCII in short lines, but for addresses with a local part that is not (RFC 6532).
 */
import { mailDate } from "../received.ts";
import { isAscii } from "../../smtp/characters.ts";
import type { ToAscii } from "../recipient-fields/address-key.ts";
import { attachmentPart, textPart, type BodyPart } from "./body-part.ts";
import type { Email, NamedMailbox } from "./email.ts";
import { foldedField, givenField, textField } from "./header-field.ts";
import { mailboxPieces } from "./named-mailbox.ts";

export interface Composing {
  readonly now: Date;
  /** Unique, unguessable, of letters and digits: in boundaries and Message-ID. */
  readonly token: string;
  /** Behind the @ of the Message-ID. */
  readonly domain: string;
  readonly toAscii: ToAscii;
}

export interface ComposedMessage {
  readonly content: readonly Buffer[];
  /** With angle brackets. */
  readonly messageId: string;
  /** Its header is not ASCII: it asks for SMTPUTF8. */
  readonly smtpUtf8: boolean;
}

/** Throws for what the checks beside it are against (`mailboxFault`, `headerFault`, `mediaTypeFault`). Cost: some passes. */
export function composeMessage(email: Email, around: Composing): ComposedMessage {
  const given = new Map(email.headers.map(([name, value]) => [name.toLowerCase(), value]));
  const messageId = given.get("message-id") ?? `<${around.token}@${around.domain}>`;
  const list = (name: string, mailboxes: readonly NamedMailbox[]): string =>
    mailboxes.length === 0 ? "" : addressField(name, mailboxes, around.toAscii);
  const header = [
    given.has("date") ? "" : `Date: ${mailDate(around.now)}\r\n`,
    list("From", [email.from]),
    list("Reply-To", email.replyTo),
    list("To", email.to),
    list("Cc", email.cc),
    email.to.length + email.cc.length === 0 ? "To: undisclosed-recipients:;\r\n" : "",
    email.subject === undefined ? "" : textField("Subject", email.subject),
    given.has("message-id") ? "" : `Message-ID: ${messageId}\r\n`,
    ...email.headers.map(([name, value]) => givenField(name, value)),
    "MIME-Version: 1.0\r\n",
  ].join("");
  const { fields, body } = wholeBody(email, around.token);
  return {
    content: [
      Buffer.from(`${header}${fields}\r\n`),
      ...body,
      ...(body.at(-1)?.subarray(-2).equals(lineEnd) === true ? [] : [lineEnd]),
    ],
    messageId,
    smtpUtf8: !isAscii(header, 0, header.length),
  };
}

const lineEnd = Buffer.from("\r\n");

function addressField(name: string, mailboxes: readonly NamedMailbox[], toAscii: ToAscii): string {
  const pieces = mailboxes.flatMap((mailbox, index) => {
    const own = mailboxPieces(mailbox, toAscii);
    return index === mailboxes.length - 1 ? own : [...own.slice(0, -1), `${own.at(-1)},`];
  });
  return foldedField(name, pieces);
}

/** The outermost part: what is shown, with attachments behind it. */
function wholeBody({ text, html, attachments }: Email, token: string): BodyPart {
  let parts = 0;
  const together = (subtype: string, inside: readonly BodyPart[]): BodyPart =>
    inside.length === 1 ? inside[0]! : multipart(subtype, `=_${token}_${++parts}`, inside);
  const isRelated = (one: Email["attachments"][number]): boolean =>
    html !== undefined && one.contentId !== undefined && one.disposition !== "attachment";
  const related = attachments.filter(isRelated).map(attachmentPart);
  const others = attachments.filter((one) => !isRelated(one)).map(attachmentPart);
  const shown: BodyPart[] = [];
  if (text !== undefined) shown.push(textPart("plain", text));
  if (html !== undefined) shown.push(together("related", [textPart("html", html), ...related]));
  if (shown.length === 0 && others.length === 0) shown.push(textPart("plain", ""));
  return together("mixed", [...(shown.length === 0 ? [] : [together("alternative", shown)]), ...others]);
}

/** `boundary`: with `=_`, that neither quoted-printable nor Base64 can hold, and a token nobody could guess (RFC 2045 §6.7). */
function multipart(subtype: string, boundary: string, inside: readonly BodyPart[]): BodyPart {
  const type =
    subtype === "related" ? ["multipart/related;", 'type="text/html";'] : [`multipart/${subtype};`];
  return {
    fields: foldedField("Content-Type", [...type, `boundary="${boundary}"`]),
    body: [
      ...inside.flatMap(({ fields, body }) => [
        Buffer.from(`--${boundary}\r\n${fields}\r\n`),
        ...body,
        lineEnd,
      ]),
      Buffer.from(`--${boundary}--`),
    ],
  };
}
