/** Logging on by token: as whom, with which token, and whose mail waits where that cannot be done. */
import type { Hold, ReplyTreatment } from "../../../../core/policy/reply-policy.ts";
import { type Token, TokenFailure, type TokenSource } from "../../../oauth/token-source.ts";
import { SmtpClientError } from "../wire/client-error.ts";

/** One mailbox of a connector. */
export interface MailboxLogOn {
  readonly mailbox: string;
  readonly tokens: TokenSource;
}

/** The same, for one connection. */
export interface LogOn extends MailboxLogOn {
  readonly token: Token;
  /** It was fetched for this connection. */
  readonly fresh: boolean;
}

const refused: Hold = {
  kind: "hold",
  scope: "mailbox",
  retryAfterMs: 5 * 60_000,
  advice: "the server does not let this application log on as the mailbox",
  tellFrom: 1,
};

/** Whose mail waits, and for how long, after a log-on as a mailbox was refused. */
export function holdAfterRefusal(treatment: ReplyTreatment | undefined): Hold {
  if (treatment?.kind === "hold") return treatment;
  if (treatment?.kind !== "throttle") return refused;
  return { ...refused, retryAfterMs: treatment.retryAfterMs[1], tellFrom: Infinity };
}

/** Rejects with SmtpClientError (`authentication`) when no token is to be had. */
export async function tokenFor({ mailbox, tokens }: MailboxLogOn): Promise<LogOn> {
  try {
    const known = tokens.known(mailbox);
    const token = await tokens.token(mailbox);
    return { mailbox, tokens, token, fresh: token !== known };
  } catch (error) {
    if (!(error instanceof TokenFailure)) throw error;
    throw new SmtpClientError("authentication", error.message, {
      hold: {
        kind: "hold",
        scope: tokens.perMailbox ? "mailbox" : "queue",
        retryAfterMs: error.retryAfterMs,
        advice: "",
        // The token source has told it.
        tellFrom: Infinity,
      },
    });
  }
}
