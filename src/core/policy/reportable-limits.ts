/** Limits of a receive connector that can be looked at without being enforced (reportOnly, candidate). Why these: decision 61. */
export const reportableLimits = [
  "maxInboundConnection",
  "maxInboundConnectionPerSource",
  "maxInboundConnectionPercentagePerSource",
  "messageRateLimit",
  "maxProtocolErrors",
  "maxMessageSize",
  "maxHeaderSize",
  "maxRecipientsPerMessage",
  "maxHopCount",
] as const;
export type ReportableLimit = (typeof reportableLimits)[number];

/** A value for each, or for some. Octets, counts, percent. */
export type LimitValues = Readonly<Record<ReportableLimit, number>>;
export type SomeLimitValues = { readonly [Limit in ReportableLimit]?: number | undefined };
