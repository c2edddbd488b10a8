/** A message as an application has it before it is MIME: who, to whom, what. */
import type { Mailbox } from "../../smtp/address.ts";

export interface NamedMailbox {
  /** Empty: none. */
  readonly name: string;
  readonly mailbox: Mailbox;
}

export interface EmailAttachment {
  readonly content: Buffer;
  readonly filename?: string | undefined;
  /** As it stands in a header field, parameters included; undefined: by the file name. */
  readonly contentType?: string | undefined;
  /** Without angle brackets: what `cid:` in the HTML names. */
  readonly contentId?: string | undefined;
  /** Undefined: inline with a `contentId`, else attachment. */
  readonly disposition?: "attachment" | "inline" | undefined;
}

/** Lines of header fields are lines: none of them holds CR, LF or NUL. */
export interface Email {
  readonly from: NamedMailbox;
  readonly to: readonly NamedMailbox[];
  readonly cc: readonly NamedMailbox[];
  readonly replyTo: readonly NamedMailbox[];
  readonly subject?: string | undefined;
  /** Whatever line ends. */
  readonly text?: string | undefined;
  readonly html?: string | undefined;
  /** Further fields, that `headerFault` has nothing against. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly attachments: readonly EmailAttachment[];
}
