/** One entry of the message tracking log, as it stands in the file. Source: Exchange, "Message tracking". */

import { doors } from "../core/policy/door.ts";

/**
 * TRANSFER: its send connector's fallback connector took it over. DUPLICATE: it was handed in again, and the client given
 * the first answer; Exchange's DUPLICATEDELIVER, -EXPAND and -REDIRECT are of copies met on the way to a mailbox.
 */
export const trackingEventIds = [
  "RECEIVE",
  "DUPLICATE",
  "SEND",
  "DEFER",
  "TRANSFER",
  "FAIL",
  "EXPIRE",
  "DSN",
  "DROP",
] as const;
export type TrackingEventId = (typeof trackingEventIds)[number];

/** Who caused the entry: a client, by its door, or next hop; the queue's waiting, a report, an administrator, routing. */
export const trackingSources = [...doors, "QUEUE", "DSN", "ADMIN", "ROUTING"] as const;
export type TrackingSource = (typeof trackingSources)[number];

export interface TrackingRecord {
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string;
  /** Who spoke: the application on RECEIVE and DUPLICATE; empty on SEND, where this relay does. */
  readonly clientIp: string;
  /** What it called itself in EHLO. */
  readonly clientHostname: string;
  /** This relay on RECEIVE, the next hop otherwise. */
  readonly serverHostname: string;
  /** The session on RECEIVE; else what led to the entry, in words. */
  readonly sourceContext: string;
  /** `SERVER\Receive connector` on RECEIVE, else the send connector. */
  readonly connectorId: string;
  readonly source: TrackingSource;
  readonly eventId: TrackingEventId;
  readonly internalMessageId: number;
  /** Angle brackets included; empty where the message has none. */
  readonly messageId: string;
  readonly recipients: readonly string[];
  /** What the next hop, or this relay, said of the recipients: `250 2.1.5 Recipient OK`. */
  readonly recipientStatus: string;
  /** Octets; 0 where it is not known. */
  readonly totalBytes: number;
  /** Of the whole entry, should it stand in several lines. */
  readonly recipientCount: number;
  /** On DSN the Message-ID of the report. */
  readonly reference: string;
  readonly messageSubject: string;
  /** Empty for the null reverse-path. */
  readonly sender: string;
  /** ISO 8601; empty on RECEIVE. */
  readonly arrivedAt: string;
  /** Where the message came from in the first place. */
  readonly originalClientIp: string;
  /** From arrival to this entry; 0 on RECEIVE. */
  readonly latencyMs: number;
  /** On SEND by SMTP: dane, sts, required, opportunistic or clear. */
  readonly tls?: string;
}
