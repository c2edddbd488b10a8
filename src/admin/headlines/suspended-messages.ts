/** Messages that somebody suspended one by one, in queues that go on. */
import type { Administered } from "../administered.ts";
import { counted, type Headline, type Instant } from "./headline.ts";

/** Looked at in each queue; more are not counted. */
const mostCounted = 200;

export interface SuspendedMessages {
  readonly queue: string;
  readonly messages: number;
  readonly isAll: boolean;
  /** When the oldest of them came in, in `Clock.now()` milliseconds. */
  readonly oldestAt: number;
}

/** Cost: a read of those that are suspended, 200 of each queue at most. */
export async function suspendedMessages({
  queues,
  messages,
}: Pick<Administered["relay"], "queues" | "messages">): Promise<SuspendedMessages[]> {
  const found: SuspendedMessages[] = [];
  for (const { queue, identity, messages: held } of queues()) {
    if (held === 0) continue;
    const page = await messages.list(queue, mostCounted, { only: "suspended" });
    if (page.messages.length === 0) continue;
    found.push({
      queue: identity,
      messages: page.messages.length,
      isAll: page.next === undefined,
      oldestAt: Math.min(...page.messages.map(({ message }) => message.arrivedAt)),
    });
  }
  return found;
}

export function suspendedMessageHeadlines(found: readonly SuspendedMessages[], instant: Instant): Headline[] {
  if (found.length === 0) return [];
  const count = found.reduce((total, { messages }) => total + messages, 0);
  const oldest = Math.min(...found.map(({ oldestAt }) => oldestAt));
  const [first] = found;
  const where = found.length === 1 ? `queue ${first?.queue ?? ""}` : `${found.length} queues`;
  const atLeast = found.every(({ isAll }) => isAll) ? "" : "At least ";
  return [
    {
      subject: "suspendedMessages",
      severity: "warning",
      text: `${atLeast}${counted(count, "message")} of ${where} ${count === 1 ? "is" : "are"} suspended and not tried until Resume-Message, the oldest since ${instant(oldest)}.`,
      count,
      ...(found.length === 1 && first !== undefined ? { queue: first.queue } : undefined),
    },
  ];
}
