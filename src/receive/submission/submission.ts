/** A message as a door hands it in that does not speak SMTP, and what becomes of it. */
import type { BodyType } from "../../core/message/envelope.ts";
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
}

export interface SubmittedRecipient extends Partial<RcptParameters> {
  readonly address: string;
}

/** Why a message, or one of its recipients, is not taken: the reply that SMTP would have given. */
export interface SubmissionRefusal {
  /** Undefined: the whole message. */
  readonly recipient: string | undefined;
  readonly reply: ToldRefusal;
}

/** All recipients or none. */
export type SubmissionOutcome =
  | { readonly kind: "kept"; readonly message: SpooledMessage }
  | { readonly kind: "refused"; readonly refusals: readonly SubmissionRefusal[] };
