/** Header fields that a connector may add where an application left them out; off by default. */
import type { MessageId } from "../../core/message/envelope.ts";
import type { HeaderFacts } from "../../core/message/header-scan.ts";
import { mailDate } from "../../core/message/received.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";

export function supplement(
  connector: Pick<
    ReceiveConnectorSettings,
    "addMissingMessageId" | "addMissingDate" | "defaultDomain" | "fqdn"
  >,
  header: HeaderFacts,
  id: MessageId,
  date: Date,
): Buffer[] {
  const fields: Buffer[] = [];
  if (connector.addMissingMessageId && header.messageId === undefined) {
    fields.push(Buffer.from(`Message-ID: ${addedMessageId(connector, id)}\r\n`));
  }
  if (connector.addMissingDate && !header.hasDate) fields.push(Buffer.from(`Date: ${mailDate(date)}\r\n`));
  return fields;
}

/** The Message-ID a message gets that came without one. */
export function addedMessageId(
  { defaultDomain, fqdn }: Pick<ReceiveConnectorSettings, "defaultDomain" | "fqdn">,
  id: MessageId,
): string {
  return `<${id}@${defaultDomain ?? fqdn}>`;
}
