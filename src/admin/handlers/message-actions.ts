/** What an administrator does to messages that wait: one by one, or to all that a filter fits, some at a turn. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock, Timer } from "../../ports/ports.ts";
import type { MessagePlace } from "../../spool/spool-inspection.ts";
import type { Administered, Asked, Handlers } from "../administered.ts";
import type { Output, ReadInput } from "../contract.ts";
import { AdminRefusal } from "../refusal.ts";
import { messagePropertiesOf } from "./message-properties.ts";
import { filterOf, messageFinder, type Found, type SearchRequest } from "./message-search.ts";

type Names = "suspendMessages" | "resumeMessages" | "removeMessages";
type Changed = Output<"suspendMessages">;
type Act = (place: MessagePlace) => ReturnType<Administered["relay"]["messages"]["removeMessage"]>;

/** Messages acted upon before other work gets its turn. */
const atOnce = 128;

/** A removal is repeated until the disk takes it, which nobody waits for. */
const patienceMs = 10_000;

async function inTime<Value>(clock: Clock, result: Promise<Value>): Promise<Value> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = clock.after(patienceMs, () =>
      reject(
        new AdminRefusal(
          "diskFault",
          "the disk does not take the change yet; it holds in memory and is written as soon as the disk takes it (Get-EventLog says why it does not)",
        ),
      ),
    );
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    timer?.cancel();
  }
}

export function messageActionHandlers(administered: Administered): Pick<Handlers, Names> {
  const { relay, clock } = administered;
  const finder = messageFinder(administered, messagePropertiesOf(administered));

  const find = async (
    { identity, queue, filter, after, limit, maxExamined }: ReadInput<"suspendMessages">,
    only: SearchRequest["only"],
    signal: AbortSignal,
  ): Promise<{ found: readonly Found[]; examined: number; complete: boolean; next: string | null }> => {
    if ((identity === undefined) === (filter === undefined))
      throw new AdminRefusal("invalidInput", "give either the identity of a message or a filter");
    if (identity === undefined)
      return finder.search({
        queue,
        filter: filterOf(filter ?? ""),
        only,
        after,
        limit,
        maxExamined,
        signal,
      });
    const { places } = await finder.byIdentity(identity);
    return { found: places, examined: places.length, complete: true, next: null };
  };

  const change = async (
    input: ReadInput<"suspendMessages">,
    only: SearchRequest["only"],
    act: Act,
    { signal }: Asked,
  ): Promise<Changed> => {
    const { found, ...walked } = await find(input, only, signal);
    const counts = { done: 0, pending: 0, unchanged: 0, passed: 0 };
    if (input.whatIf) return { ...counts, done: found.length, ...walked };
    for (let at = 0; at < found.length; at += atOnce) {
      if (at > 0) await nextTurn();
      const acts = found.slice(at, at + atOnce).map(({ place }) => act(place));
      for (const came of await inTime(clock, Promise.all(acts)))
        counts[came === "busy" || came === "missing" ? "passed" : came]++;
    }
    return { ...counts, ...walked };
  };

  const told = (
    { identity, filter, queue }: ReadInput<"suspendMessages">,
    { done: count, pending }: Changed,
    { caller }: Asked,
  ) => ({
    who: caller.name,
    from: caller.from,
    count,
    pending,
    what: identity ?? `${filter ?? ""}${queue === undefined ? "" : ` in ${queue}`}`,
  });
  const isNews = (input: ReadInput<"suspendMessages">, { done, pending }: Changed): boolean =>
    !input.whatIf && done + pending > 0;

  return {
    async suspendMessages(input, asked) {
      const act: Act = ({ queue, message }) => relay.messages.suspendMessage(queue, message.id, true);
      const changed = await change(input, "notSuspended", act, asked);
      if (isNews(input, changed)) relay.events.emit("MessagesSuspended", told(input, changed, asked));
      return changed;
    },
    async resumeMessages(input, asked) {
      const act: Act = ({ queue, message }) => relay.messages.suspendMessage(queue, message.id, false);
      const changed = await change(input, "suspended", act, asked);
      if (isNews(input, changed)) relay.events.emit("MessagesResumed", told(input, changed, asked));
      return changed;
    },
    async removeMessages(input, asked) {
      const { withNdr } = input;
      const act: Act = ({ queue, message }) => relay.messages.removeMessage(queue, message.id, withNdr);
      const changed = await change(input, undefined, act, asked);
      if (isNews(input, changed)) {
        const reports = withNdr ? "with reports to their senders" : "without reports";
        relay.events.emit("MessagesRemoved", { ...told(input, changed, asked), reports });
      }
      return changed;
    },
  };
}
