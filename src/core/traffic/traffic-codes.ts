/**
 * The traffic record in octets. A segment stands alone: it begins with its instant and everybody who is connected, and
 * names what it speaks of. In it one entry follows the other, each beginning with a number of 7 bits an octet (the low
 * ones first, the high bit: more follow):
 *
 *     16 × milliseconds since the entry before + code
 *
 * and what the code asks for, in numbers of the same form. Names are given once and then called by their number, from 1 on
 * in each segment; 0 is none. A connection is called by how many have come since it came.
 */
export const codes = {
  /** version, base, wall offset, run, sequence, next connection, open connections; stands first. */
  segment: 0,
  /** Octets, UTF-8: the next text. */
  text: 1,
  /** connector, source, address (0: as the source), door: the next client. */
  client: 2,
  /** user, application, HELO name, TLS, mechanism: the next profile. */
  profile: 3,
  /** connection, client, profile, arrived before base, entered before base + 1 or 0. */
  connected: 4,
  /** client; so are the next two. */
  admitted: 5,
  /** client, refusal. */
  held: 6,
  /** client, refusal. */
  turnedAway: 7,
  /** connection. */
  resumed: 8,
  /** connection. */
  left: 9,
  /** connection, profile. */
  described: 10,
  /** connection. */
  message: 11,
  /** connection. */
  messageHeld: 12,
  /** connection, recipients, octets. */
  kept: 13,
  /** connection, refusal. */
  refused: 14,
  /** How many. */
  lost: 15,
} as const;

/** Version 1 had no mechanism in a profile. */
export const formatVersion = 2;
/** A code is four bits of the number it stands in. */
export const codeFactor = 16;
