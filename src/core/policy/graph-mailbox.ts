/** Which mailbox a message is handed to Graph by: it is the sender that recipients see, and answers for From. */
import { mailboxFor, namedMailbox } from "./sender-mailbox.ts";

/**
 * What `mailboxes` says of the author, else of the reverse-path, else of anybody; else the author's own, else the
 * reverse-path's. `author`: the first address of From, undefined where none can be read.
 */
export function graphMailboxFor(
  author: string | undefined,
  reversePath: string,
  mailboxes: Readonly<Record<string, string>>,
): string {
  const said = author === undefined ? undefined : namedMailbox(author, mailboxes);
  return (
    said ??
    namedMailbox(reversePath, mailboxes) ??
    mailboxFor(author ?? reversePath, mailboxes) ??
    reversePath
  );
}
