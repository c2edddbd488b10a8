/** What mailboxes and send connectors have nearly used of their limits, and what waits for them long. */
import type { Administered } from "../administered.ts";
import { counted, type Headline, type Instant, mostOfAKind, number } from "./headline.ts";

type Usage = ReturnType<Administered["relay"]["sendBudgets"]>[number];

const toldFrom = 0.8;
/** Less is the usual pace. */
const longMs = 5 * 60_000;

/** `warningFromMs`: senders are told that their mail is late. The fullest first, then what takes longest. */
export function sendBudgetHeadlines(
  budgets: readonly Usage[],
  now: number,
  warningFromMs: number,
  instant: Instant,
): Headline[] {
  const days = budgets
    .filter(({ recipientsUsed, limits }) => recipientsUsed >= toldFrom * limits.recipientsPerDay)
    .toSorted((one, other) => shareOf(other) - shareOf(one))
    .map((budget) => dayText(budget, instant));
  const backlogs = budgets
    .filter(({ waitingMessages, emptyAt = now }) => waitingMessages > 0 && emptyAt - now > longMs)
    .toSorted((one, other) => (other.emptyAt ?? now) - (one.emptyAt ?? now))
    .map((budget) => backlogText(budget, now, warningFromMs, instant));
  return [...few(days), ...few(backlogs)];
}

const shareOf = ({ recipientsUsed, limits }: Usage): number => recipientsUsed / limits.recipientsPerDay;
const few = (all: readonly Headline[]): readonly Headline[] => all.slice(0, mostOfAKind);

/** `relay@contoso.com over Microsoft 365` */
function whoText({ mailbox, connectors }: Usage): string {
  const names = connectors.join(", ");
  return mailbox === undefined ? `Send connector ${names}` : `${mailbox} over ${names}`;
}

function dayText(budget: Usage, instant: Instant): Headline {
  const { recipientsUsed, limits, freesAt, usedUpAt } = budget;
  const most = number(limits.recipientsPerDay);
  const frees = freesAt === undefined ? "" : ` The first are free again ${instant(freesAt)}.`;
  const isSpent = recipientsUsed >= limits.recipientsPerDay;
  const percent = Math.floor(shareOf(budget) * 100);
  const usedUp =
    usedUpAt === undefined ? "" : ` At the pace of the last hour they are used up ${instant(usedUpAt)}.`;
  const text = isSpent
    ? `${whoText(budget)} has used up its ${most} recipients of 24 hours: what comes now waits.${frees}`
    : `${whoText(budget)} has used ${number(recipientsUsed)} of its ${most} recipients of 24 hours (${percent} %).${usedUp}${frees}`;
  return { ...about(budget), severity: "warning", text };
}

function backlogText(budget: Usage, now: number, warningFromMs: number, instant: Instant): Headline {
  const { waitingMessages, emptyAt = now, limits } = budget;
  const wait = waitingMessages === 1 ? "waits for its turn" : "wait for their turn";
  const { messagesPerMinute, recipientsPerDay } = limits;
  const most = [
    ...(messagesPerMinute === Infinity ? [] : [`${counted(messagesPerMinute, "message")} a minute`]),
    ...(recipientsPerDay === Infinity ? [] : [`${counted(recipientsPerDay, "recipient")} a day`]),
  ];
  const pace = ` (${most.join(", ")})`;
  const last =
    emptyAt === Infinity
      ? "That takes more than 30 days"
      : `The last leaves ${instant(emptyAt)} if no more comes`;
  return {
    ...about(budget),
    severity: emptyAt - now > warningFromMs ? "warning" : "information",
    text: `${counted(waitingMessages, "message")} of ${whoText(budget)} ${wait}${pace}. ${last}.`,
    count: waitingMessages,
  };
}

function about({ connectors }: Usage): Pick<Headline, "subject" | "connector"> {
  const [connector] = connectors;
  return { subject: "sendConnector", ...(connector === undefined ? undefined : { connector }) };
}
