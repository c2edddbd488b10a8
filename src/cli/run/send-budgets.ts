/** Get-SendBudget. */
import type { Output as Answer } from "../../admin/contract.ts";
import { textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import type { Property } from "../output/list.ts";
import { printRows } from "../output/print.ts";
import { withServer } from "../output/server-column.ts";
import type { Column } from "../output/table.ts";
import { localTime } from "../output/time-text.ts";
import { nothingFound } from "./nothing-found.ts";

type Budget = Answer<"listSendBudgets">["budgets"][number];

export const getSendBudget: Run = async (args, context) => {
  const relay = await relayOf(context);
  const connector = textOf(args, "Connector");
  const { budgets } = await relay.call("listSendBudgets", connector === undefined ? {} : { connector });
  const none = nothingFound(args, ["Connector"], {
    nothing: "no send connector limits what it sends, or none has sent anything yet",
    unfit: "no such send connector limits what it sends, or it has not sent anything yet",
  });
  printRows(context.output, args, { rows: budgets, columns: withServer(columns, budgets), properties, none });
  return 0;
};

const time = (at: string | null): string => (at === null ? "" : localTime(at));
const limit = (most: number | null): string => (most === null ? "unlimited" : String(most));
const whose = ({ mailbox, connectors }: Budget): string => mailbox ?? connectors.join(", ");
const backlogEnds = ({ waitingMessages, backlogEndsAt }: Budget): string => {
  if (waitingMessages === 0) return "";
  return backlogEndsAt === null ? "in more than 30 days" : localTime(backlogEndsAt);
};

const columns: readonly Column<Budget>[] = [
  { header: "Identity", value: whose },
  { header: "MessagesPerMinute", drop: 1, value: (budget) => limit(budget.messageRateLimit) },
  {
    header: "RecipientsUsed",
    value: ({ recipientsUsed, recipientRateLimit }) =>
      recipientRateLimit === null ? String(recipientsUsed) : `${recipientsUsed} of ${recipientRateLimit}`,
  },
  { header: "Waiting", value: ({ waitingMessages }) => waitingMessages, align: "right" },
  { header: "BacklogEnds", value: backlogEnds },
];

function properties(budget: Budget): readonly Property[] {
  return [
    { name: "Identity", value: whose(budget) },
    { name: "SendConnectors", value: budget.connectors.join(", ") },
    { name: "Mailbox", value: budget.mailbox ?? "" },
    { name: "MessageRateLimit", value: limit(budget.messageRateLimit) },
    { name: "RecipientRateLimit", value: limit(budget.recipientRateLimit) },
    { name: "RecipientsUsed", value: String(budget.recipientsUsed) },
    { name: "RecipientsLeft", value: limit(budget.recipientsLeft) },
    { name: "FreesAt", value: time(budget.freesAt) },
    { name: "UsedUpAt", value: time(budget.usedUpAt) },
    { name: "WaitingMessages", value: String(budget.waitingMessages) },
    { name: "WaitingRecipients", value: String(budget.waitingRecipients) },
    { name: "BacklogEnds", value: backlogEnds(budget) },
    { name: "HeldUntil", value: time(budget.heldUntil) },
  ];
}
