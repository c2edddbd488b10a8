/** What a delivery status notification is made from. Values may come from outside as they are. */

export type ReportKind = "failed" | "delayed" | "relayed" | "delivered";

export interface ReportRecipient {
  /** The mailbox mail was to go to. */
  readonly finalRecipient: string;
  /** RFC 3461 ORCPT as received, `addr-type;xtext`. */
  readonly orcpt?: string | undefined;
  /** RFC 3463. */
  readonly status: string;
  /** The last reply or failure in one line; `fromPeer`: the next hop's own words. */
  readonly diagnostic?: { readonly text: string; readonly fromPeer: boolean } | undefined;
  /** The host that was spoken to last. */
  readonly remoteHost?: string | undefined;
  readonly lastAttempt?: Date | undefined;
  readonly willRetryUntil?: Date | undefined;
}

/** The original as far as it goes into the report. */
export interface ReportOriginal {
  /** `full`: the whole content; `headers`: its header section. */
  readonly extent: "full" | "headers";
  /** Of `full`, only what `isSevenBit`; a header section may be anything. */
  readonly octets: Buffer;
  /** Unfolded, as in the header; undefined when there is none. */
  readonly subject?: string | undefined;
  readonly messageId?: string | undefined;
}

export interface ReportInput {
  readonly kind: ReportKind;
  /** The reporting relay. */
  readonly hostname: string;
  /** Mailbox in From; ASCII unless `to` is not. */
  readonly from: string;
  /** The original's reverse-path, to which the report goes. One that is not ASCII is reached by SMTPUTF8 only. */
  readonly to: string;
  readonly date: Date;
  /** With angle brackets. */
  readonly messageId: string;
  /** RFC 3461 ENVID as received. */
  readonly envid?: string | undefined;
  readonly arrivalDate: Date;
  /** The client that handed the original in: HELO name and address, for Received-From-MTA. */
  readonly receivedFrom?: string | undefined;
  readonly recipients: readonly ReportRecipient[];
  readonly original: ReportOriginal | undefined;
}

/** `Thu, 15 Jan 2026 09:00:00 +0000`. */
export function rfc5322Date(date: Date): string {
  return date.toUTCString().replace("GMT", "+0000");
}
