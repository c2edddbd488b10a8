/** Which mailbox a connector logs on as, by the sender: `{ "noreply@contoso.com": "relay@contoso.com" }`. */
import { z } from "zod";
import { isMailboxPattern } from "../core/policy/sender-mailbox.ts";
import { parseMailbox } from "../core/smtp/address.ts";
import { quoted } from "../core/units/parsed.ts";
import { kinds, shown } from "./value-type.ts";

export const senderMailboxesSchema = z
  .record(z.string(), z.string({ error: (issue) => `${shown(issue.input)} is not an address` }), {
    error: (issue) => `${shown(issue.input)} is not a list of senders and mailboxes`,
  })
  .transform((written, context) => {
    const mailboxes: Record<string, string> = {};
    for (const [sender, mailbox] of Object.entries(written)) {
      const refuse = (message: string): void =>
        context.addIssue({ code: "custom", message, path: [sender], input: mailbox });
      if (!isMailboxPattern(sender))
        refuse(`${quoted(sender)} is not a sender; write noreply@contoso.com, *@contoso.com, * or <>`);
      else if (parseMailbox(mailbox) === undefined) refuse(`${quoted(mailbox)} is not an address`);
      else mailboxes[sender.toLowerCase()] = mailbox;
    }
    return mailboxes;
  })
  .register(kinds, { kind: "section" });
