/** What an administrator does to messages that wait: to one, to several, or to all that a filter fits, some at a turn. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock, Timer } from "../../ports/ports.ts";
import type { MessagePlace } from "../../spool/spool-inspection.ts";
import type { Administered, Asked, Handlers } from "../administered.ts";
import type { Output, ReadInput } from "../contract.ts";
import { AdminRefusal } from "../refusal.ts";
import { identityOf, messagePropertiesOf, type Found } from "./message-properties.ts";
import { filterOf, messageFinder, type SearchRequest } from "./message-search.ts";
import { redirectTarget } from "./redirect-target.ts";

type Names = "suspendMessages" | "resumeMessages" | "removeMessages" | "retryMessages" | "redirectMessages";
type Chosen = ReadInput<"suspendMessages">;
type Changed = Output<"suspendMessages">;
type Act = (place: MessagePlace) => ReturnType<Administered["relay"]["messages"]["retryMessage"]>;

interface ChosenPage {
  readonly found: readonly Found[];
  readonly examined: number;
  /** Given by their identity, and gone. */
  readonly gone: number;
  readonly complete: boolean;
  readonly next: string | null;
}

/** Of those that were named one by one, in the event. */
const identitiesTold = 10;

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

  const several = async (identities: readonly string[]): Promise<ChosenPage> => {
    const found: Found[] = [];
    let gone = 0;
    for (let at = 0; at < identities.length; at += atOnce) {
      if (at > 0) await nextTurn();
      const places = await Promise.all(
        identities.slice(at, at + atOnce).map((identity) => finder.placesOf(identity)),
      );
      for (const each of places) {
        if (each.length === 0) gone++;
        for (const one of each) found.push(one);
      }
    }
    return { found, examined: identities.length, gone, complete: true, next: null };
  };

  const find = async (
    { identity, identities, queue, filter, after, limit, maxExamined }: Chosen,
    only: SearchRequest["only"],
    signal: AbortSignal,
  ): Promise<ChosenPage> => {
    if ([identity, identities, filter].filter((given) => given !== undefined).length !== 1)
      throw new AdminRefusal(
        "invalidInput",
        "give the identity of a message, identities of several, or a filter",
      );
    if (identities !== undefined) return several(identities);
    if (identity !== undefined) {
      const { places } = await finder.byIdentity(identity);
      return { found: places, examined: places.length, gone: 0, complete: true, next: null };
    }
    const request = { queue, filter: filterOf(filter ?? ""), only, after, limit, maxExamined, signal };
    return { ...(await finder.search(request)), gone: 0 };
  };

  const change = async (
    input: Chosen,
    only: SearchRequest["only"],
    act: Act,
    { signal }: Asked,
  ): Promise<Changed> => {
    const { found, gone, ...walked } = await find(input, only, signal);
    const counts = { done: 0, pending: 0, unchanged: 0, passed: gone };
    const heldElsewhere: string[] = [];
    if (input.whatIf) return { ...counts, done: found.length, ...walked };
    for (let at = 0; at < found.length; at += atOnce) {
      if (at > 0) await nextTurn();
      const some = found.slice(at, at + atOnce);
      const acts = some.map(({ place }) => act(place));
      for (const [index, came] of (await inTime(clock, Promise.all(acts))).entries()) {
        counts[came === "busy" || came === "missing" ? "passed" : came]++;
        const one = some[index];
        if (came === "busy" && relay.node !== undefined && one !== undefined)
          heldElsewhere.push(identityOf(one));
      }
    }
    return { ...counts, ...(heldElsewhere.length === 0 ? {} : { heldElsewhere }), ...walked };
  };

  const told = (
    { identity, identities, filter, queue }: Chosen,
    { done: count, pending }: Changed,
    { caller }: Asked,
  ) => ({
    who: caller.name,
    from: caller.from,
    count,
    pending,
    what:
      identity ??
      identities?.slice(0, identitiesTold).join(", ") ??
      `${filter ?? ""}${queue === undefined ? "" : ` in ${queue}`}`,
  });
  const isNews = (input: Chosen, { done, pending }: Changed): boolean => !input.whatIf && done + pending > 0;

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
    async retryMessages(input, asked) {
      const act: Act = ({ queue, message }) => relay.messages.retryMessage(queue, message.id);
      const changed = await change(input, "notSuspended", act, asked);
      if (isNews(input, changed)) relay.events.emit("MessagesRetried", told(input, changed, asked));
      return changed;
    },
    async redirectMessages(input, asked) {
      const to = redirectTarget(relay, input.to);
      const { name: connector } = to;
      const act: Act = async ({ queue, message }) =>
        message.content.sizeBytes > to.maxMessageSize
          ? "passed"
          : relay.messages.redirectMessage(queue, message.id, to);
      const changed = await change(input, undefined, act, asked);
      if (isNews(input, changed))
        relay.events.emit("MessagesRedirected", { ...told(input, changed, asked), connector });
      return { ...changed, connector };
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
