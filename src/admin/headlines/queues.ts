/** Queues that cannot be delivered, and those that are suspended. */
import type { Administered } from "../administered.ts";
import { counted, type Headline, type Instant, quoted, sentence } from "./headline.ts";

export type QueueSnapshot = ReturnType<Administered["relay"]["queues"]>[number];

/** `oldest`: when the oldest message of a suspended queue came in. The fullest first. */
export function queueHeadlines(
  queues: readonly QueueSnapshot[],
  oldest: ReadonlyMap<string, number>,
  instant: Instant,
): Headline[] {
  const failing = queues.filter(
    ({ status, messages, queue, lastError, putOff, holds }) =>
      messages > 0 &&
      (status === "Retry" ||
        // Mail of others may go on.
        (status === "Active" && holds.length > 0) ||
        (queue !== "" && status === "Ready" && (lastError !== undefined || putOff !== undefined))),
  );
  const suspended = queues.filter(({ status }) => status === "Suspended");
  // Of many domains some never answer: theirs is one headline for each connector.
  const ofDomains = new Map<string, QueueSnapshot[]>();
  for (const queue of failing.filter(isOfDomain)) {
    const those = ofDomains.get(queue.connector ?? "");
    if (those === undefined) ofDomains.set(queue.connector ?? "", [queue]);
    else those.push(queue);
  }
  return [
    ...failing.filter((queue) => !isOfDomain(queue)).map((queue) => failingText(queue, instant)),
    ...Array.from(ofDomains, ([connector, those]) =>
      those.length <= mostDomains
        ? those.map((queue) => failingText(queue, instant))
        : [domainsText(connector, those)],
    ).flat(),
    ...suspended.map((queue) => suspendedText(queue, oldest.get(queue.queue), instant)),
  ].sort((a, b) => b.count - a.count);
}

const isOfDomain = ({ deliveryType }: QueueSnapshot): boolean => deliveryType === "DnsConnectorDelivery";
/** So many have a headline each. */
const mostDomains = 3;

/** A warning: mail for the others goes on. The fullest is named. */
function domainsText(connector: string, queues: readonly QueueSnapshot[]): Counted {
  const count = queues.reduce((sum, { messages }) => sum + messages, 0);
  const fullest = queues.reduce((most, queue) => (queue.messages > most.messages ? queue : most));
  const why = fullest.lastError ?? fullest.putOff;
  return {
    subject: "queue",
    severity: "warning",
    text: `Mail for ${queues.length.toLocaleString("en")} domains cannot be delivered by ${connector}. ${waiting(count)}, most for ${fullest.nextHop}${why === undefined ? "." : `: ${quoted(why)}`}`,
    queue: fullest.identity,
    count,
    ...(connector === "" ? undefined : { connector }),
  };
}

type Counted = Headline & { readonly count: number };

function failingText(queue: QueueSnapshot, instant: Instant): Counted {
  const { identity, connector, messages, lastError, putOff, firstRetryAt, nextRetryAt, status, holds } =
    queue;
  const isPutOff = lastError === undefined && putOff !== undefined;
  const what = isPutOff ? "is put off by its next hop" : "cannot be delivered";
  const why = lastError ?? putOff;
  const error = why === undefined ? "." : `: ${quoted(why)}`;
  const advices = [...new Set(holds.map(({ advice }) => advice))].filter((advice) => advice !== "");
  const advice = advices.map((words) => ` ${sentence(words)}`).join("");
  const next = nextRetryAt === undefined ? "" : ` Next attempt ${instant(nextRetryAt)}.`;
  return {
    subject: "queue",
    severity: status === "Retry" ? "error" : "warning",
    text: `Queue ${identity} ${what}${error}${advice} ${waiting(messages)}.${next}`,
    queue: identity,
    count: messages,
    ...(connector === undefined ? undefined : { connector }),
    ...(firstRetryAt === undefined ? undefined : { since: instant(firstRetryAt) }),
  };
}

/** An empty one too: the next message will wait. */
function suspendedText(
  { identity, connector, messages }: QueueSnapshot,
  oldest: number | undefined,
  instant: Instant,
): Counted {
  const since = oldest === undefined ? "" : `, the oldest since ${instant(oldest)}`;
  const held = messages === 0 ? "Nothing waits in it yet" : `${waiting(messages)}${since}`;
  return {
    subject: "queue",
    severity: "warning",
    text: `Queue ${identity} is suspended: it takes mail and delivers none. ${held}. Resume-Queue lets it go on.`,
    queue: identity,
    count: messages,
    ...(connector === undefined ? undefined : { connector }),
  };
}

function waiting(messages: number): string {
  return `${counted(messages, "message")} ${messages === 1 ? "waits" : "wait"}`;
}
