/** `mailq`, `sendmail -bp`: what waits, as Postfix's prints it. */
import type { Output as Answer } from "../../admin/contract.ts";
import { relayOf } from "../ask-relay.ts";

type Message = Answer<"listMessages">["messages"][number];

const pageSize = 1_000;

/** Rejects as `relayOf` and its calls do. */
export async function printQueue(config: string | undefined, write: (text: string) => void): Promise<void> {
  const relay = await relayOf({ config });
  let after: string | null = null;
  let count = 0;
  let sizeBytes = 0;
  do {
    const page: Answer<"listMessages"> = await relay.call("listMessages", {
      filter: "",
      sortOrder: "",
      includeRecipients: true,
      ...(after === null ? {} : { after }),
      limit: pageSize,
    });
    if (count === 0 && page.messages.length > 0)
      write("-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n");
    for (const message of page.messages) write(entry(message));
    count += page.messages.length;
    sizeBytes += page.messages.reduce((sum, message) => sum + message.sizeBytes, 0);
    after = page.next;
  } while (after !== null);
  write(
    count === 0
      ? "Mail queue is empty\n"
      : `-- ${Math.ceil(sizeBytes / 1024)} Kbytes in ${count} Request${count === 1 ? "" : "s"}.\n`,
  );
}

function entry(message: Message): string {
  const [id = ""] = /\d+$/.exec(message.identity) ?? [];
  const arrived = new Date(message.dateReceived)
    .toString()
    .slice(0, 24)
    .replace(/ \d{4}/, "");
  const sender = message.fromAddress === "" ? "MAILER-DAEMON" : message.fromAddress;
  const lines = [`${id.padEnd(16)}${String(message.sizeBytes).padStart(9)} ${arrived}  ${sender}`];
  if (message.lastError !== "" && message.lastError !== null) lines.push(`    (${message.lastError})`);
  for (const { address } of message.recipients) lines.push(`${" ".repeat(41)}${address}`);
  return `${lines.join("\n")}\n\n`;
}
