/** A message as a door hands it in that does not speak SMTP, and what becomes of it. */
import type { BodyType, MessageId } from "../../core/message/envelope.ts";
import type { ApplicationPriority } from "../../core/policy/application.ts";
import type { ToldRefusal } from "../../core/refusals/refusal.ts";
import type { MailParameters, RcptParameters } from "../../core/smtp/parameters.ts";
import type { SpooledMessage } from "../../spool/spool.ts";

/** RFC 5321 §2.3.1. Addresses as people write them: `a@b` or `<a@b>`. */
export interface SubmittedEnvelope {
  /** Empty or `<>`: the null reverse-path. */
  readonly mailFrom: string;
  readonly recipients: readonly SubmittedRecipient[];
  readonly body: BodyType;
  /** As declared before the content is read; octets. */
  readonly sizeBytes?: number | undefined;
  readonly ret?: MailParameters["ret"];
  readonly envid?: string | undefined;
  /** Asked for although the addresses are ASCII: for the header. */
  readonly smtpUtf8?: boolean;
  /** As REQUIRETLS (RFC 8689), whatever the connector offers: this door has no wire that could be listened to. */
  readonly requireTls?: boolean;
  /** No more than its application's counts. */
  readonly priority?: ApplicationPriority | undefined;
}

export interface SubmittedRecipient extends Partial<RcptParameters> {
  readonly address: string;
}

/** Octets of a message in order, taken piece by piece. Throws where they break off: then nothing is kept. */
export type SubmittedContent = AsyncIterable<Buffer> | Iterable<Buffer>;

/** Why a message, or one of its recipients, is not taken: the reply that SMTP would have given. */
export interface SubmissionRefusal {
  /** Undefined: the whole message. */
  readonly recipient: string | undefined;
  readonly reply: ToldRefusal;
}

/** So that a message that is handed in again under the same key is not taken twice. */
export interface Repeat {
  /** Whose keys they are: no scope sees another's. */
  readonly scope: string;
  /** What the client calls what it asks for; of any length. */
  readonly key: string;
  /**
   * What is asked: a SHA-256 of it where the door has it whole; else what is known before the content, whose octets are
   * hashed behind it as they pass.
   */
  readonly fingerprint: Buffer | { readonly about: string };
  /** How long the answer is kept; milliseconds, up to `maxAnswerWindowMs`. */
  readonly windowMs: number;
  /** How long to wait for a first one that is still under way; milliseconds. */
  readonly waitMs: number;
  /**
   * What the door needs to give the same answer again, up to `maxAnswerBytes`; asked just before the message is kept. Default: empty. `refusals`:
   * of recipients it is kept without (`partial`).
   */
  readonly answer?: (id: MessageId, refusals: readonly SubmissionRefusal[]) => string;
}

/** All recipients or none, unless `partial` was asked for. */
export type SubmissionOutcome =
  | {
      readonly kind: "kept";
      readonly message: SpooledMessage;
      /** With `partial`: recipients that do not get it. */
      readonly refusals: readonly SubmissionRefusal[];
    }
  | {
      readonly kind: "refused";
      readonly refusals: readonly SubmissionRefusal[];
      /** Recipients behind the last one refused, that were not looked at. */
      readonly unchecked?: number;
    };

/** What else there is to a message that is handed in under a key. */
export type RepeatOutcome =
  /** It was kept before, as this message: nothing is kept now. */
  | {
      readonly kind: "repeated";
      readonly id: MessageId;
      readonly answer: string;
      /** `Clock.now()` of then. */
      readonly givenAt: number;
    }
  /** Something else was asked for under the key, and kept as this message. */
  | { readonly kind: "conflict"; readonly id: MessageId }
  /** The first one is still under way. */
  | { readonly kind: "running" };
