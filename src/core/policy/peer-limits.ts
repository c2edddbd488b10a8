/**
 * How much of a next hop's patience is used: the tightest of what the connector says, what the peer announces
 * (LIMITS, RFC 9422) and what it was seen to have. Presets of known providers will be one more source.
 */
export interface PeerLimits {
  /** Infinity: no limit. */
  readonly recipientsPerTransaction: number;
  readonly messagesPerConnection: number;
}

export function tightest(...sources: readonly PeerLimits[]): PeerLimits {
  let recipientsPerTransaction = Infinity;
  let messagesPerConnection = Infinity;
  for (const source of sources) {
    recipientsPerTransaction = Math.min(recipientsPerTransaction, source.recipientsPerTransaction);
    messagesPerConnection = Math.min(messagesPerConnection, source.messagesPerConnection);
  }
  return { recipientsPerTransaction, messagesPerConnection };
}

/**
 * What to send at once after `refused` recipients were too many: the number the refusal names if it is smaller, else
 * half. Never below 1.
 */
export function smallerRecipientCount(refused: number, text: string): number {
  const named = /(?:max(?:imum)?|limit|at most|only|up to|more than)\D{0,40}?(\d{1,5})\b/i.exec(text)?.[1];
  const told = named === undefined ? NaN : Number(named);
  return told >= 1 && told < refused ? told : Math.max(1, Math.floor(refused / 2));
}
