/** What a reply to a command of a mail transaction says (RFC 5321 §4.2.1, §4.5.3.1.10). */
import type { PeerReply } from "./reply-reader.ts";

export type ReplyKind = "positive" | "transient" | "permanent" | "unexpected";

export function kindOf({ code }: PeerReply): ReplyKind {
  if (code < 300) return "positive";
  if (code < 400) return "unexpected";
  return code < 500 ? "transient" : "permanent";
}

const tooManyRecipients =
  /too many (?:rcpt|recip|addressees)|\b(?:recipients?|rcpt) (?:count |number )?limit|max(?:imum|imal)? (?:number of |count of )?(?:rcpt|recip)|more than \d+ (?:rcpt|recip)/i;

/** The reply says so itself, whatever command it answers: X.5.3 (RFC 3463 §3.6), or words. */
export function saysTooManyRecipients({ code, text }: PeerReply, status: string): boolean {
  return code >= 400 && code !== 421 && (/^[45]\.5\.3$/.test(status) || tooManyRecipients.test(text));
}

/**
 * To RCPT: the peer takes no more recipients in this transaction, but others in the next. RFC 821 said 552 for it.
 */
export function isTooManyRecipients(reply: PeerReply, status: string): boolean {
  const { code } = reply;
  return (
    (code === 452 && status === "4.0.0") ||
    (code === 552 && status === "5.0.0") ||
    saysTooManyRecipients(reply, status)
  );
}

/** The peer takes no more messages on this connection. */
export function isAboutMessageCount({ code, text }: PeerReply): boolean {
  return (
    code >= 400 &&
    /\btoo many (?:messages|transactions|e?mails)\b|\b(?:messages|transactions|mails) per (?:session|connection)\b/i.test(
      text,
    )
  );
}

/** Within TLS: the peer wants a certificate that we have not, which clear text would not ask for. */
export function isAboutClientCertificate({ code, text }: PeerReply): boolean {
  return code >= 400 && /\bcertificate\b/i.test(text);
}

/** In clear text: TLS or what only TLS allows is wanted first (RFC 3207 §4, RFC 4954 §6; RFC 5248: X.7.10). */
export function wantsTls(reply: PeerReply): boolean {
  return reply.code === 530 || (reply.code >= 400 && /^[45]\.7\.10\b/.test(reply.text));
}

/** With recipients accepted these say that the command, not the message, is at fault. */
export function isAboutBdatItself({ code }: PeerReply): boolean {
  return code >= 500 && code <= 504;
}
