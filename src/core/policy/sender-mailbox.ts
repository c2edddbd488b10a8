/** Which mailbox a message is handed in by, where a provider counts and permits by mailbox. */
import { parseMailbox } from "../smtp/address.ts";

/** `a@b`, `*@b`, `*`, or `<>` for the null reverse-path. */
export function isMailboxPattern(text: string): boolean {
  if (text === "*" || text === "<>") return true;
  return parseMailbox(text.startsWith("*@") ? `a${text.slice(1)}` : text) !== undefined;
}

/**
 * The mailbox for a reverse-path: what `mailboxes` (keys in lower case) says of the sender, of its domain, of anybody;
 * else the sender itself. Undefined for the null reverse-path where nothing is said of it.
 */
export function mailboxFor(
  reversePath: string,
  mailboxes: Readonly<Record<string, string>>,
): string | undefined {
  if (reversePath === "") return named(mailboxes, "<>") ?? named(mailboxes, "*");
  return namedMailbox(reversePath, mailboxes) ?? named(mailboxes, "*") ?? reversePath;
}

/** What `mailboxes` says of this sender, or of its domain. */
export function namedMailbox(
  address: string,
  mailboxes: Readonly<Record<string, string>>,
): string | undefined {
  const sender = address.toLowerCase();
  const domain = sender.slice(sender.lastIndexOf("@") + 1);
  return named(mailboxes, sender) ?? named(mailboxes, `*@${domain}`);
}

/** A sender may be called like something every object has. */
function named(mailboxes: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(mailboxes, key) ? mailboxes[key] : undefined;
}
