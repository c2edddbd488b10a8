/** How long to wait for a peer, in milliseconds. Source: RFC 5321 §4.5.3.2 where it speaks. */
export const timeouts = {
  connectMs: 30_000,
  greetingMs: 5 * 60_000,
  mailMs: 5 * 60_000,
  recipientMs: 5 * 60_000,
  dataMs: 2 * 60_000,
  /** For each piece of content the peer must take off our hands. */
  blockMs: 3 * 60_000,
  finalMs: 10 * 60_000,
  /** Shorter than other commands': what comes of a stuck STARTTLS is clear text, or another host. */
  startTlsMs: 60_000,
  tlsHandshakeMs: 60_000,
  resolveMs: 30_000,
  /** A connection that takes longer to open is left to itself, and another address is tried beside it. */
  slowOpeningMs: 20_000,
  quitMs: 5_000,
  /** The peer closes after its answer to QUIT; a place in its limits is free only then. */
  afterQuitMs: 1_000,
  /** An unused connection is kept at most so long, whatever connectionInactivityTimeOut says. */
  idleMs: 30_000,
} as const;
