/**
 * Answers that were given, so that whoever hands the same message in again is given the same answer and the message is
 * kept once. An answer is written with its message, by `Spool.accept`; it outlives the message and is forgotten by age.
 *
 * Promises (numbers go on from `spool.ts`; the suite is the same):
 *  9. An answer and its message are durable together: neither is ever there without the other's acceptance.
 * 10. Of those who ask under one key, one at a time is first; the others hear when it has ended.
 * 11. An answer is found until its window has passed, by others' keys never; then it is forgotten, as are the oldest
 *     beyond the number that is kept. Where none is kept nothing is done.
 */
import type { MessageId } from "../core/message/envelope.ts";

/** What a request is called, and by whom: no scope sees another's keys. Of any length; neither is kept in clear text. */
export interface AnswerKey {
  readonly scope: string;
  readonly key: string;
}

/** Longer ones are not kept. Octets. */
export const maxAnswerBytes = 4_096;
/** Milliseconds: seven days. */
export const maxAnswerWindowMs = 7 * 86_400_000;

export interface KeptAnswer {
  readonly id: MessageId;
  /** SHA-256 of what was asked. */
  readonly fingerprint: Buffer;
  /** What whoever answered needs to do so again. */
  readonly answer: string;
  /** `Clock.now()`. */
  readonly givenAt: number;
}

/** To be the first under a key, until `end` or the end of the `accept` it is given to. */
export interface AnswerTurn {
  /** Nothing was accepted: the next may be first. Idempotent; harmless after `accept`. */
  end(): void;
}

/** What `accept` keeps beside the message. */
export interface NewAnswer {
  readonly turn: AnswerTurn;
  /** SHA-256: 32 octets. */
  readonly fingerprint: Buffer;
  /** Up to `maxAnswerBytes`. */
  readonly answer: string;
  /** Up to `maxAnswerWindowMs`. */
  readonly windowMs: number;
}

export type Asked =
  | { readonly kind: "first"; readonly turn: AnswerTurn }
  | { readonly kind: "answered"; readonly kept: KeptAnswer }
  /** `ended`: then it is to be asked again. */
  | { readonly kind: "running"; readonly ended: Promise<void> };

export interface Answers {
  /** Rejects with SpoolError where the store cannot be read. Cost: a hash and a look-up. */
  ask(key: AnswerKey): Promise<Asked>;
  /** How many are kept; those that are not forgotten yet included. */
  readonly size: number;
}
