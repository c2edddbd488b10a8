/**
 * What a client is refused, as values. Where it is found it is a `Refused`: which kind it is and what was wrong. Told in
 * one place (receive/admission/refusals.ts) it becomes a `ToldRefusal`: the reply, and under one reference what the event
 * and the counts hold. Only told refusals can be sent: a session's output takes no other reply above 399.
 */
import type { Reply } from "../smtp/reply.ts";
import type { RefusalClass, RefusalKind, SpokenKind } from "./catalogue.ts";

/** What is known where something is refused; the catalogue knows the rest. */
export interface RefusedFacts {
  /** What was wrong, in words; else the catalogue's `cause` says it. Never what a password may stand in. */
  readonly detail?: string | undefined;
  /** `detail` is for those who run the relay alone: the reply says the catalogue's `cause`. */
  readonly confidential?: true | undefined;
  /** The limit's setting, where it is not always the same. */
  readonly setting?: string | undefined;
  readonly configured?: number | undefined;
  /** What the setting allowed at that moment, where it differs from `configured` (percentages). */
  readonly allowed?: number | undefined;
  /** What was held against it. */
  readonly seen?: number | undefined;
  /** When the same may be taken, as far as it is known; Infinity: never as it is. Seconds. */
  readonly retryAfterSeconds?: number | undefined;
  /** What a remedy would have to name: the recipient's domain, the account, the protocol. */
  readonly about?: string | undefined;
  readonly user?: string | undefined;
  readonly sender?: string | undefined;
  readonly recipient?: string | undefined;
  /** Further fields that the event's text names. */
  readonly fields?: Readonly<Record<string, string | number>> | undefined;
}

export interface Refused extends RefusedFacts {
  readonly refused: SpokenKind;
  /** In place of the code of its kind. */
  readonly said?: Pick<Reply, "code" | "status"> | undefined;
  /** The connection is closed behind the reply, though it is not for this kind as such. */
  readonly close?: true | undefined;
}

export function refused(kind: SpokenKind, facts?: RefusedFacts): Refused {
  return facts === undefined ? { refused: kind } : { refused: kind, ...facts };
}

/** Stands for the connector in counts where none was for the client. */
export const noConnectorName = "(none)";

/** A refusal that was told. */
export interface Refusal {
  readonly kind: RefusalKind;
  readonly class: RefusalClass;
  /** Undefined: there was none for this client. */
  readonly connector: string | undefined;
  /** The setting's name, where a limit refused; its numbers are of then. */
  readonly limit: string | undefined;
  readonly configured: number | undefined;
  readonly allowed: number | undefined;
  readonly seen: number | undefined;
  /** What was wrong, in words. */
  readonly problem: string;
  readonly about: string | undefined;
  /** As whoever refused it worked it out; Infinity: never as it is. Absent: it is not known. */
  readonly retryAfterSeconds?: number | undefined;
  readonly source: string;
  readonly eventId: number;
  /** Stands in the reply, the event and the protocol log, so that one finds the other. */
  readonly reference: string;
  /** The limit is only looked at: nobody was refused. */
  readonly reportOnly?: true;
}

/** A refusing reply, and what was told of it. */
export interface ToldRefusal extends Reply {
  readonly told: Refusal;
}

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A short reference from a growing number, without letters that are read for digits. */
export function referenceOf(sequence: number): string {
  let rest = Math.floor(sequence);
  let out = "";
  do {
    out = `${alphabet[rest % 32]}${out}`;
    rest = Math.floor(rest / 32);
  } while (rest > 0);
  return out;
}
