import { domainToASCII } from "node:url";
import { isAscii } from "../../core/dsn/text.ts";

/**
 * The mailbox in a form that needs no SMTPUTF8: its domain in A-labels (RFC 5891). Undefined where the local part is
 * not ASCII: nothing stands for that.
 */
export function asciiMailbox(mailbox: string): string | undefined {
  if (isAscii(mailbox)) return mailbox;
  const at = mailbox.lastIndexOf("@");
  const domain = domainToASCII(mailbox.slice(at + 1));
  const ascii = `${mailbox.slice(0, at + 1)}${domain}`;
  return at > 0 && domain !== "" && isAscii(ascii) ? ascii : undefined;
}
