/** What follows for a transaction whose MAIL, DATA or content the peer refused. Pure: the reply and its place decide. */
import { isAboutMessageCount, kindOf, saysTooManyRecipients } from "../wire/reply-meaning.ts";
import { statusOf } from "../wire/peer-verdict.ts";
import type { PeerReply } from "../wire/reply-reader.ts";

export interface RefusalFacts {
  readonly reply: PeerReply;
  /** What it answers. */
  readonly to: "mail" | "data" | "content";
  readonly recipientsAccepted: number;
  /** TLS is in use, not required, and has not shown here that it works. */
  readonly mayBlameTls: boolean;
  /** The peer demands TLS, which failed here and was not required of it. */
  readonly isForWantOfTls: boolean;
  /** This connection has taken mail, and the job had no new one for that reason yet. */
  readonly mayBeWornOut: boolean;
}

export type RefusalVerdict =
  /** What it said left TLS under suspicion: it wants a certificate of ours. */
  | "againInClear"
  /** A new connection may do. */
  | "wornOut"
  /** Once more, with fewer recipients at once. */
  | "fewerRecipients"
  /** For all, also for those who would come after in a transaction of their own. */
  | "putOff"
  /** The same, and nothing more is said on this connection. */
  | "putOffAndClose"
  | "fail"
  /** For those who were accepted: the peer has decided of the message. */
  | "deferAccepted"
  | "failAccepted";

export function afterRefusal(facts: RefusalFacts): RefusalVerdict {
  const { reply, to, recipientsAccepted, mayBlameTls, isForWantOfTls, mayBeWornOut } = facts;
  const byMail = to === "mail";
  if (isForWantOfTls) return "putOffAndClose";
  if (byMail && mayBlameTls) return "againInClear";
  const transient = kindOf(reply) === "transient";
  if (transient && (to !== "content" || isAboutMessageCount(reply)) && mayBeWornOut) return "wornOut";
  if (byMail) return transient ? "putOff" : "fail";
  if (recipientsAccepted > 1 && saysTooManyRecipients(reply, statusOf(reply))) return "fewerRecipients";
  return transient ? "deferAccepted" : "failAccepted";
}
