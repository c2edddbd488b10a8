/** Which messages the page shows: read from its address, so that a link leads to them, and written as OPATH. */
import { messageStatuses } from "../../../../src/admin/message-statuses.ts";

/** The fields of the form, by their names in the address. */
export const filterFields = ["status", "from", "recipient", "subject", "source", "opath"] as const;

/** Empty for all messages. What is asked for joined by -and; the text under `opath` as it stands. */
export function writtenFilter(query: URLSearchParams): string {
  const given = (name: (typeof filterFields)[number]): string => query.get(name)?.trim() ?? "";
  const parts: string[] = [];
  const status = messageStatuses.find((one) => one === given("status"));
  if (status !== undefined) parts.push(`Status -eq '${status}'`);
  if (given("from") === "<>") parts.push("FromAddress -eq ''");
  else if (given("from") !== "") parts.push(`FromAddress -like ${quoted(given("from"))}`);
  if (given("recipient") !== "") parts.push(`Recipient -like ${quoted(given("recipient"))}`);
  if (given("subject") !== "") parts.push(`Subject -like ${quoted(`*${given("subject")}*`)}`);
  if (given("source") !== "") parts.push(`SourceIP -like ${quoted(given("source"))}`);
  if (given("opath") !== "") parts.push(given("opath"));
  return parts.join(" -and ");
}

/** An action needs a filter; this one fits every message. */
export const everyMessage = "Size -ge 0";

/** A quote inside is written twice. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
