/** Messages that wait, seen. */
import { parseSortOrder } from "../../core/policy/sort-order.ts";
import type { Administered, Handlers } from "../administered.ts";
import { AdminRefusal } from "../refusal.ts";
import { messageProperties, messagePropertiesOf } from "./message-properties.ts";
import { filterOf, messageFinder } from "./message-search.ts";

export function messageHandlers(
  administered: Administered,
): Pick<Handlers, "listMessages" | "getMessage" | "exportMessage"> {
  const properties = messagePropertiesOf(administered);
  const finder = messageFinder(administered, properties);
  const { events } = administered.relay;

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
        messages: found.map(({ place, identity }) => properties.shown(place, identity, includeRecipients)),
        ...walked,
      };
    },
    async getMessage({ identity }) {
      const { message, places } = await finder.byIdentity(identity);
      const [first] = places;
      if (first === undefined) throw new AdminRefusal("notFound", `there is no message ${identity}`);
      const shown = properties.shown(first.place, first.identity, false);
      return {
        message: {
          ...shown,
          recipients: properties.recipientsOf(message.places, (queue) => finder.identityOf(queue)),
        },
      };
    },
    async exportMessage({ identity }, { caller }) {
      const { message, content } = (await finder.byIdentity(identity)).message;
      events.emit("MessageExported", {
        who: caller.name,
        from: caller.from,
        id: message.id,
        sender: message.envelope.reversePath,
      });
      return {
        fileName: `${message.id}.eml`,
        sizeBytes: message.content.sizeBytes,
        chunks: content.stream(),
      };
    },
  };
}
