/** Messages that wait, seen. */
import { replayHead } from "../../core/message/replay-form/write-head.ts";
import { parseSortOrder } from "../../core/policy/sort-order.ts";
import type { FoundMessage } from "../../spool/spool-inspection.ts";
import type { Administered, Handlers } from "../administered.ts";
import { AdminRefusal } from "../refusal.ts";
import { finishedRecipients } from "../../tracking/finished-recipients.ts";
import { messageProperties, messagePropertiesOf } from "./message-properties.ts";
import { filterOf, messageFinder } from "./message-search.ts";
import { seenQueues } from "./seen-queues.ts";
import { shownApplication } from "./shown-values.ts";

export function messageHandlers(
  administered: Administered,
): Pick<Handlers, "listMessages" | "getMessage" | "exportMessage"> {
  const properties = messagePropertiesOf(administered);
  const finder = messageFinder(administered, properties);
  const { relay } = administered;
  const { events } = relay;

  return {
    async listMessages({ filter: text, sortOrder, includeRecipients, ...rest }, { signal }) {
      const filter = filterOf(text);
      const order = parseSortOrder(sortOrder, Object.keys(messageProperties));
      if (!order.ok) throw new AdminRefusal("invalidInput", order.message);
      const { after, queue, limit, maxExamined } = rest;
      const request = { after, queue, limit, maxExamined, filter, signal };
      const { compare } = order;
      const { found, ...walked } =
        compare === undefined ? await finder.search(request) : await finder.searchSorted(request, compare);
      return {
        messages: found.map((one) => properties.shown(one, includeRecipients)),
        ...walked,
      };
    },
    async getMessage({ identity }) {
      const { message, places } = await finder.byIdentity(identity);
      const [first] = places;
      if (first === undefined) throw new AdminRefusal("notFound", `there is no message ${identity}`);
      const seen = seenQueues(relay);
      const all = message.places.map((place) => ({ queue: seen(place.queue), place }));
      const waiting = all.reduce((sum, { place }) => sum + place.recipients.length, 0);
      const finished =
        waiting === message.message.envelope.recipients.length
          ? new Map<string, never>()
          : await finishedRecipients(relay.tracking, message.message.id);
      return {
        message: { ...properties.shown(first, false), recipients: properties.recipientsOf(all, finished) },
        application: shownApplication(relay.settings, message.message.origin.sourceAddress),
      };
    },
    async exportMessage({ identity, form }, { caller }) {
      const found = (await finder.byIdentity(identity)).message;
      const { message, content } = found;
      events.emit("MessageExported", {
        who: caller.name,
        from: caller.from,
        id: message.id,
        sender: message.envelope.reversePath,
      });
      const head = form === "replay" ? headOf(found) : Buffer.alloc(0);
      return {
        fileName: `${message.id}.eml`,
        sizeBytes: message.content.sizeBytes + head.length,
        chunks: behind(head, content.stream()),
      };
    },
  };
}

/** The envelope, with those recipients that are not finished. */
function headOf({ message: { envelope }, places }: FoundMessage): Buffer {
  const waiting = places.flatMap(({ recipients }) => recipients.map(({ index }) => index));
  return replayHead(
    envelope,
    waiting.toSorted((a, b) => a - b).flatMap((index) => envelope.recipients[index] ?? []),
  );
}

async function* behind(head: Buffer, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  yield* content;
}
