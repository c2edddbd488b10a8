/** Finding messages in the queues: by filter, page by page, with the event loop kept free; or by identity. */
import { parseOpathFilter, type OpathFilter } from "../../core/policy/opath-filter.ts";
import type { CompareBags } from "../../core/policy/sort-order.ts";
import type { FoundMessage, ListPlace, MessageSearch } from "../../spool/spool-inspection.ts";
import type { Administered } from "../administered.ts";
import { AdminRefusal } from "../refusal.ts";
import { messageProperties, type Found, type MessageProperties } from "./message-properties.ts";
import { seenQueues, type SeenQueue } from "./seen-queues.ts";

export interface SearchRequest {
  /** Identity of a queue; undefined: all. */
  readonly queue: string | undefined;
  readonly filter: OpathFilter;
  readonly only?: MessageSearch["only"];
  readonly after: string | undefined;
  readonly limit: number;
  readonly maxExamined: number | undefined;
  readonly signal: AbortSignal;
}

export interface SearchPage {
  readonly found: readonly Found[];
  readonly examined: number;
  readonly complete: boolean;
  readonly next: string | null;
}

export interface MessageFinder {
  search(request: SearchRequest): Promise<SearchPage>;
  /** The first `limit` in an order. Cost: looks at all that there are; memory for twice the limit. */
  searchSorted(request: SearchRequest, compare: CompareBags): Promise<SearchPage>;
  /** None where there is no such message. */
  placesOf(identity: string): Promise<readonly Found[]>;
  /** Rejects with AdminRefusal where there is no such message. */
  byIdentity(
    identity: string,
  ): Promise<{ readonly message: FoundMessage; readonly places: readonly Found[] }>;
}

export function filterOf(text: string): OpathFilter {
  const parsed = parseOpathFilter(text, messageProperties);
  if (!parsed.ok) throw new AdminRefusal("invalidInput", parsed.message);
  return parsed.filter;
}

export function messageFinder({ relay }: Administered, properties: MessageProperties): MessageFinder {
  const queuesFor = (wanted: string | undefined): readonly SeenQueue[] => {
    const queues = relay.queues();
    if (wanted === undefined) return queues;
    const found = queues.filter(({ identity }) => identity.toLowerCase() === wanted.toLowerCase());
    if (found.length === 0) throw new AdminRefusal("notFound", `there is no queue ${wanted}`);
    return found;
  };

  const search = async (request: SearchRequest): Promise<SearchPage> => {
    const { filter, limit, maxExamined = Number.POSITIVE_INFINITY, signal } = request;
    const { only = onlyOf(filter) } = request;
    const queues = queuesFor(request.queue);
    const from = request.after === undefined ? undefined : placeOf(request.after);
    // A queue that is gone meanwhile was seen to its end.
    const begun = from === undefined ? 0 : queues.findIndex(({ queue }) => queue === from.queue);
    const found: Found[] = [];
    let examined = 0;
    if (begun < 0) return { found, examined, complete: true, next: null };
    for (const queue of queues.slice(begun)) {
      const name = queue.queue;
      let after: ListPlace | undefined = name === from?.queue ? from.place : undefined;
      for (;;) {
        const page = await relay.messages.list(name, limit - found.length, {
          after,
          only,
          maxExamined: Math.min(maxExamined - examined, examinedAtOnce),
          ...(filter.comparisons.length === 0
            ? {}
            : {
                fits: (listed) =>
                  filter.matches(properties.bagOf({ queue, place: { ...listed, queue: name } })),
              }),
        });
        for (const listed of page.messages) found.push({ queue, place: { ...listed, queue: name } });
        examined += page.examined;
        if (page.next === undefined) break;
        after = page.next;
        if (found.length >= limit || examined >= maxExamined || signal.aborted)
          return { found, examined, complete: false, next: nextOf(name, after) };
      }
    }
    return { found, examined, complete: true, next: null };
  };

  /** `queue\\id`, or `id`: in every queue. */
  const lookUp = async (identity: string) => {
    const at = identity.lastIndexOf("\\");
    const id = Number(identity.slice(at + 1));
    const message = Number.isSafeInteger(id) && id > 0 ? await relay.messages.find(id) : undefined;
    const wanted = at < 0 ? undefined : identity.slice(0, at).toLowerCase();
    const seen = seenQueues(relay);
    const places = (message?.places ?? [])
      .map((place): Found => ({ queue: seen(place.queue), place }))
      .filter(({ queue }) => wanted === undefined || queue.identity.toLowerCase() === wanted);
    return { message, places };
  };

  return {
    search,
    async searchSorted(request, compare) {
      let best: { readonly one: Found; readonly bag: ReturnType<MessageProperties["bagOf"]> }[] = [];
      let examined = 0;
      let fitting = 0;
      let { after } = request;
      const { limit, signal } = request;
      const sort = (): void => {
        best = best.sort((a, b) => compare(a.bag, b.bag)).slice(0, limit);
      };
      for (;;) {
        const page = await search({ ...request, after, limit: sortedAtOnce, maxExamined: undefined });
        examined += page.examined;
        fitting += page.found.length;
        for (const one of page.found) best.push({ one, bag: properties.bagOf(one) });
        if (best.length > 2 * limit) sort();
        if (page.next === null || signal.aborted) break;
        after = page.next;
      }
      sort();
      return { found: best.map(({ one }) => one), examined, complete: fitting <= limit, next: null };
    },
    placesOf: async (identity) => (await lookUp(identity)).places,
    async byIdentity(identity) {
      const { message, places } = await lookUp(identity);
      if (message === undefined || places.length === 0)
        throw new AdminRefusal("notFound", `there is no message ${identity}`);
      return { message, places };
    },
  };
}

/** Suspended messages stand together, so that those who ask for them need not look at all others. */
function onlyOf({ comparisons }: OpathFilter): MessageSearch["only"] {
  const asked = comparisons.find(({ property, operator }) => property === "Status" && operator === "eq");
  if (asked === undefined) return undefined;
  return asked.value === "suspended" ? "suspended" : "notSuspended";
}

/** Looked at before it is seen whether anybody still waits. */
const examinedAtOnce = 10_000;
const sortedAtOnce = 1000;

/** `dueAt:id:queue` */
function nextOf(queue: string, { dueAt, id }: ListPlace): string {
  return `${dueAt}:${id}:${queue}`;
}

function placeOf(text: string): { readonly queue: string; readonly place: ListPlace } {
  const [, dueAt, id, queue] = /^([0-9.e+]+):(\d+):(.*)$/s.exec(text) ?? [];
  const place = { dueAt: Number(dueAt), id: Number(id) };
  if (queue === undefined || !Number.isFinite(place.dueAt) || !Number.isSafeInteger(place.id))
    throw new AdminRefusal("invalidInput", "after: is not what an earlier call answered as next");
  return { queue, place };
}
