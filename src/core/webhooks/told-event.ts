/** An event as webhooks tell it: its text and what the text names, nothing beyond. */
export interface ToldEvent {
  readonly id: number;
  readonly name: string;
  /** With its source: `MSExchangeTransport\SmtpReceive`. */
  readonly category: string;
  readonly severity: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

/** One event, or several that are alike. Wall clock, milliseconds. */
export interface BatchEntry {
  readonly event: ToldEvent;
  count: number;
  readonly firstAtMs: number;
  lastAtMs: number;
}

/** Events of one kind that found no room among the entries. */
export interface UntoldEvents {
  readonly id: number;
  readonly name: string;
  count: number;
}
