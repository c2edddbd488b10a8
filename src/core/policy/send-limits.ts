/** How much a send connector lets leave. Infinity: no limit. Source of the names: Exchange, New-ThrottlingPolicy. */
export interface SendLimitSettings {
  readonly messageRateLimit: number;
  readonly recipientRateLimit: number;
  readonly mailboxMessageRateLimit: number;
  readonly mailboxRecipientRateLimit: number;
}

export interface SendLimits {
  readonly messagesPerMinute: number;
  /** In any 24 hours. */
  readonly recipientsPerDay: number;
}

/** Of all its mail together; undefined: nothing limits it. */
export function limitsOfConnector(settings: SendLimitSettings): SendLimits | undefined {
  return limitsOf(settings.messageRateLimit, settings.recipientRateLimit);
}

/** Of each sender's mailbox. */
export function limitsOfMailbox(settings: SendLimitSettings): SendLimits | undefined {
  return limitsOf(settings.mailboxMessageRateLimit, settings.mailboxRecipientRateLimit);
}

export function isCounted(settings: SendLimitSettings): boolean {
  return limitsOfConnector(settings) !== undefined || limitsOfMailbox(settings) !== undefined;
}

function limitsOf(messagesPerMinute: number, recipientsPerDay: number): SendLimits | undefined {
  if (messagesPerMinute === Infinity && recipientsPerDay === Infinity) return undefined;
  return { messagesPerMinute, recipientsPerDay };
}
