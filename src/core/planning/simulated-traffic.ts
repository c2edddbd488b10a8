/**
 * Tells what planned applications would do, minute by minute of a virtual clock, as the traffic record would: each source has
 * its moment of the minute, then opens its connections within a second and sends its messages over them, one behind the other.
 */
import { noProfile, type TrafficClient, type TrafficListener } from "../traffic/traffic-facts.ts";
import { Pending, type Due } from "../what-if/pending.ts";
import { seeded, type Plan } from "./plan.ts";

const minuteMs = 60_000;
/** Connections and messages; more would take longer than anybody waits. */
const mostSteps = 1_500_000;
/** Beyond one minute of all of them no more is played than this. */
const usualSteps = 400_000;
const mostMinutes = 10;
/** Sources between two looks at how far it is. */
const sourcesEach = 1_000;

interface Step extends Due {
  readonly connection: number;
  readonly client: TrafficClient;
  readonly what: "arrives" | "sends" | "leaves";
  /** Yet to be sent. */
  readonly messages: number;
}

/** A source's address: 10.0.0.1 and on. */
export function addressOf(source: number): string {
  const number = source + 1;
  return `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
}

/** So many are simulated; in the first one each has sent all it sends in a minute. */
export function minutesOf({ sources, messagesPerMinute }: Plan): number {
  const perMinute = Math.max(1, sources * messagesPerMinute);
  return Math.max(1, Math.min(mostMinutes, Math.floor(usualSteps / perMinute)));
}

/** Sources that are played for all: as many as there are, unless that would take too long. */
export function playedSources(plan: Plan): number {
  const each = openedAtOnce(plan) + plan.messagesPerMinute;
  return Math.min(plan.sources, Math.max(1, Math.floor(mostSteps / Math.max(1, each))));
}

/** What does not send a message is not opened. */
export function openedAtOnce({ connectionsPerSource, messagesPerMinute }: Plan): number {
  return Math.min(connectionsPerSource, Math.max(1, messagesPerMinute));
}

/** Plays all sources of `plan`; each step of it tells which part is over, 0 to 1. */
export function* tellSimulated(
  plan: Plan,
  connector: string,
  listener: TrafficListener,
): Generator<number, void> {
  const { sources, isTogether, seed, accounts } = plan;
  const random = seeded(seed);
  const moments = Float64Array.from({ length: sources }, () => (isTogether ? 0 : random() * minuteMs));
  const order = Array.from(moments.keys()).sort((a, b) => (moments[a] ?? 0) - (moments[b] ?? 0));
  const clients = Array.from({ length: sources }, (_, source): TrafficClient => {
    const address = addressOf(source);
    return { connector, source: address, address, door: "SMTP" };
  });
  const pending = new Pending<Step>();
  let next = 0;
  let connections = 0;
  const put = (step: Omit<Step, "order">): void => pending.push({ ...step, order: next++ });
  const until = (atMs: number): void => {
    while (pending.size > 0 && pending.nextMs <= atMs) {
      const step = pending.pop();
      if (step !== undefined) happens(step);
    }
  };
  const happens = ({ atMs, connection, client, what, messages }: Step): void => {
    const at = Math.floor(atMs);
    if (what === "arrives") {
      listener.arrived(at, connection, client, "admitted", undefined);
      if (accounts) listener.described(at, connection, { ...noProfile, user: `app ${client.source}` });
      const then = messages > 0 ? "sends" : "leaves";
      return put({ atMs: atMs + plan.connectionMs / 2, connection, client, what: then, messages });
    }
    if (what === "leaves") return listener.left(at, connection);
    listener.message(at, connection);
    const isLast = messages === 1;
    put({
      atMs: atMs + plan.messageMs + (isLast ? plan.connectionMs / 2 : 0),
      connection,
      client,
      what: isLast ? "leaves" : "sends",
      messages: messages - 1,
    });
  };
  listener.began(0, 0, "start");
  const minutes = minutesOf(plan);
  for (let minute = 0; minute < minutes; minute++) {
    for (const [played, source] of order.entries()) {
      if (played % sourcesEach === 0) yield (minute + played / sources) / minutes;
      const client = clients[source];
      const beginMs = minute * minuteMs + (moments[source] ?? 0);
      if (client === undefined) continue;
      const opened = openedAtOnce(plan);
      for (let each = 0; each < opened; each++) {
        // What does not go into all of them alike goes into the first.
        const share = Math.floor(plan.messagesPerMinute / opened);
        const messages = share + (each < plan.messagesPerMinute % opened ? 1 : 0);
        put({
          atMs: beginMs + (each * 1000) / opened,
          connection: ++connections,
          client,
          what: "arrives",
          messages,
        });
      }
      until(beginMs);
    }
    until((minute + 1) * minuteMs - 1);
  }
  until(Infinity);
}
