/**
 * The formats of what stands in the data directory: one number for each store, and one place for it. What a number means is
 * told by the files that read and write the store; when they write something that an earlier release cannot read, the
 * number goes up here, `needs` becomes the release that can, and `forward` gets what must happen once.
 *
 * A store is moved forward without touching what is in it: this release reads every form that an earlier number could have,
 * and writes only the newest (docs/decisions/0058-formats-and-moving-forward.md). So it takes as long for a million messages
 * as for none.
 */
export interface StoreFormat {
  readonly format: number;
  /** The first release that reads this number. */
  readonly needs: string;
  /** Where it stands in the data directory, for people. */
  readonly place: string;
  /**
   * What makes a number from the one before it: renaming a file, adding a table. Its cost must not grow with the mail, and
   * it must be harmless when done twice: a crash repeats it.
   */
  readonly forward?: Readonly<Record<number, (dataDirectory: string) => Promise<void>>>;
}

export type StoreFormats = Readonly<Record<string, StoreFormat>>;

/** What a directory holds that tells no number: it is from before there were any. */
export const formatBeforeMarks = 1;

const first = { format: 1, needs: "0.1.0" } as const;

export const dataFormats = {
  /** Records (messages/record.ts), keys (store/keys.ts), journal (store/journal-frame.ts, journal-segment.ts), bodies. */
  spool: { ...first, place: "spool" },
  /** tracking/tracking-line.ts */
  tracking: { ...first, place: "logs/MessageTracking" },
  /** core/traffic/traffic-encoder.ts */
  traffic: { ...first, place: "traffic" },
  /** inventory/inventory-store.ts, sender-record.ts */
  inventory: { ...first, place: "inventory" },
  /** webhooks/webhook-store.ts, core/webhooks/batch.ts */
  webhooks: { ...first, place: "webhooks" },
  /** events/store/stored-event.ts */
  events: { ...first, place: "events" },
  /** send/budget/budget-file.ts */
  budgets: { ...first, place: "send-budgets.json" },
  /** receive/admission/recipient-days-file.ts */
  recipientRates: { ...first, place: "recipient-rates.json" },
  /** send/delivery/suspensions.ts, receive/service-suspension.ts */
  suspensions: { ...first, place: "suspended-queues.json, suspended-service.json" },
  /** admin/admin-tokens.ts, admin/console/session-file.ts */
  admin: { ...first, place: "admin" },
  /** capture/captured-message.ts */
  captured: { ...first, place: "captured" },
  /** send/mta-sts/policy-store.ts, send/tls-report/tls-results.ts */
  outgoingTls: { ...first, place: "outgoing-tls" },
  /** receive/authentication/api-keys-file.ts */
  apiKeyUses: { ...first, place: "api-keys-used.json" },
  /** ports/retention-clock.ts */
  retentionClock: { ...first, place: "retention-clock.json" },
  /** spool/messages/earlier-runs.ts */
  earlierRuns: { ...first, place: "earlier-runs.json" },
  /** receive/tls/legacy-clients.ts */
  legacyTlsClients: { ...first, place: "legacy-tls-clients.json" },
} as const satisfies StoreFormats;
