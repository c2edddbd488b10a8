/** What mailboxes of a send connector, or it itself, have used of their limits, and how long what waits takes. */
import type { Output } from "../../../../src/admin/contract.ts";
import { UsageBar } from "../../components/usage-bar.tsx";
import { relativeText, timeText } from "../../time-text.ts";

type Budget = Output<"listSendBudgets">["budgets"][number];

/** More than these are for Get-SendBudget. */
const mostShown = 20;

/** Those that are nearest to their limit or have most to send first. */
export function Budgets({ budgets }: { budgets: readonly Budget[] }) {
  const shown = budgets.toSorted((one, other) => weight(other) - weight(one)).slice(0, mostShown);
  return (
    <>
      {shown.map((budget) => (
        <BudgetUse key={`${budget.server ?? ""} ${budget.mailbox ?? ""}`} budget={budget} />
      ))}
      {budgets.length > shown.length && (
        <p class="muted">
          {(budgets.length - shown.length).toLocaleString()} more mailboxes: <code>weir Get-SendBudget</code>
        </p>
      )}
    </>
  );
}

const shareOf = ({ recipientsUsed, recipientRateLimit }: Budget): number =>
  recipientRateLimit === null ? 0 : recipientsUsed / recipientRateLimit;
const weight = (budget: Budget): number => shareOf(budget) + budget.waitingMessages;

function BudgetUse({ budget }: { budget: Budget }) {
  const { mailbox, recipientsUsed, recipientRateLimit, server } = budget;
  const share = shareOf(budget);
  const sentences = [...dayTexts(budget), ...backlogTexts(budget)];
  return (
    <div class="limit">
      <div class="limit-head">
        <span>
          {mailbox ?? "All mail of the connector"}
          {server === undefined ? "" : ` at ${server}`}
        </span>
        <span class={share >= 0.8 ? "nearly-used" : undefined}>
          {recipientRateLimit === null
            ? `${recipientsUsed.toLocaleString()} recipients in 24 hours`
            : `${recipientsUsed.toLocaleString()} of ${recipientRateLimit.toLocaleString()} recipients in 24 hours (${Math.floor(share * 100)} %)`}
        </span>
      </div>
      {recipientRateLimit !== null && <UsageBar value={recipientsUsed} peak={0} most={recipientRateLimit} />}
      {sentences.length > 0 && <p class="muted">{sentences.join(" ")}</p>}
    </div>
  );
}

/** When the day's recipients end, and when there are more. */
function dayTexts({ recipientsLeft, freesAt, usedUpAt }: Budget): readonly string[] {
  if (recipientsLeft === null) return [];
  return [
    ...(recipientsLeft === 0 ? ["Used up: what comes now waits."] : []),
    ...(usedUpAt === null
      ? []
      : [`At the pace of the last hour used up ${relativeText(usedUpAt)} (${timeText(usedUpAt)}).`]),
    ...(freesAt === null ? [] : [`The first are free again ${timeText(freesAt)}.`]),
  ];
}

function backlogTexts({
  waitingMessages,
  backlogEndsAt,
  messageRateLimit,
  heldUntil,
}: Budget): readonly string[] {
  const pace =
    messageRateLimit === null ? [] : [`${messageRateLimit.toLocaleString()} messages a minute at most.`];
  if (waitingMessages === 0) return pace;
  const waits =
    waitingMessages === 1
      ? "1 message waits for its turn"
      : `${waitingMessages.toLocaleString()} messages wait for their turn`;
  const ends =
    backlogEndsAt === null
      ? "for more than 30 days"
      : `the last leaves ${relativeText(backlogEndsAt)} (${timeText(backlogEndsAt)})`;
  const held = heldUntil === null ? [] : [`Held until ${timeText(heldUntil)}.`];
  return [`${waits}, ${ends}.`, ...held, ...pace];
}
