import { nearest } from "../../core/units/nearest-name.ts";
import { categories } from "../../events/catalogue.ts";
import { eventMatcher, type EventFilter } from "../../events/store/event-filter.ts";
import type { Administered, Handlers } from "../administered.ts";
import type { ReadInput } from "../contract.ts";
import { AdminRefusal } from "../refusal.ts";
import { eventPlaceOf } from "../nodes/merged-history.ts";
import { changeConfiguration } from "./change.ts";
import { shownEvent } from "./shown-values.ts";

const source = "MSExchangeTransport";

export function eventHandlers(
  administered: Administered,
): Pick<Handlers, "listEventLevels" | "setEventLevel" | "queryEvents" | "followEvents"> {
  const { relay } = administered;
  /** Leaves out what is not given. */
  const filterOf = (given: ReadInput<"followEvents">): Omit<EventFilter, "limit"> => ({
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ipv6SourcePrefixLength: relay.settings.transport.ipv6SourcePrefixLength,
  });

  /** As one of several nodes. */
  const placeIn = (before: string | undefined): number | undefined =>
    relay.node && eventPlaceOf(before, relay.node.name);

  return {
    listEventLevels: () => ({
      levels: categories.map((category) => {
        const identity = `${source}\\${category}`;
        return { identity, category, level: relay.settings.diagnostics.levels[identity] ?? "Lowest" };
      }),
    }),
    setEventLevel: async ({ category, level, whatIf }) => {
      const value = level === "Lowest" ? null : level;
      const levels = Object.fromEntries(
        categoriesOf(category).map((name) => [`${source}\\${name}`, value] as const),
      );
      const change = await changeConfiguration(administered, { kind: "setLevels", levels }, whatIf);
      // The file says nothing of a category at Lowest.
      const named = change.changes.map(({ setting, before, after }) => ({
        setting,
        before: before ?? "Lowest",
        after: after ?? "Lowest",
      }));
      return { ...change, changes: named };
    },
    queryEvents: async ({ since, until, limit, before, beforeSequence = placeIn(before), ...filter }) => ({
      events: (
        await relay.eventStore.query({
          ...filterOf(filter),
          ...(since === undefined ? {} : { since: new Date(since) }),
          ...(until === undefined ? {} : { until: new Date(until) }),
          ...(beforeSequence === undefined ? {} : { beforeSequence }),
          limit,
        })
      ).map(shownEvent),
    }),
    followEvents: (filter, push) => {
      const matches = eventMatcher({ ...filterOf(filter), limit: 0 });
      return relay.eventStore.follow((event) => {
        if (matches(event)) push(shownEvent(event));
      });
    },
  };
}

function categoriesOf(given: string): readonly string[] {
  if (given.toLowerCase() === "all") return categories;
  const bare = given.slice(given.lastIndexOf("\\") + 1).toLowerCase();
  const found = categories.find((category) => category.toLowerCase() === bare);
  if (found !== undefined) return [found];
  const near = nearest(bare, categories);
  throw new AdminRefusal(
    "notFound",
    `there is no event category ${given}; ${near === undefined ? `there are ${categories.join(", ")}` : `did you mean ${source}\\${near}?`}`,
  );
}
