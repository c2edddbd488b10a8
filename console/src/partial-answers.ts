/** Which nodes did not answer for what is shown. The one place that knows: api.ts tells each answer. */
import { signal } from "@preact/signals";
import type { Unanswered } from "../../src/admin/contract/across-nodes.ts";
import type { OperationName, Route } from "../../src/admin/routes.ts";
import { place, type Place } from "./router.ts";

interface PartialAnswer {
  readonly unanswered: Unanswered;
  /** Something was to be done there, not only looked at. */
  readonly isDoing: boolean;
}

/** By operation, of the page that is open: the last answer of each counts. */
const partials = signal<ReadonlyMap<OperationName, PartialAnswer>>(new Map());

place.subscribe(() => {
  if (partials.peek().size > 0) partials.value = new Map();
});

/** The frame asks for the overview on every page, and one shows it. */
const shownOn: { readonly [Name in OperationName]?: string } = { getOverview: "/" };

/** `askedOn`: where the user was then; what comes after they have gone on is not about what they see. */
export function heard(
  name: OperationName,
  { method }: Route,
  askedOn: Place,
  { unanswered = [] }: { readonly unanswered?: Unanswered },
): void {
  const before = partials.peek();
  if (unanswered.length === 0 && !before.has(name)) return;
  if (askedOn !== place.peek() || (shownOn[name] ?? askedOn.path) !== askedOn.path) return;
  const after = new Map(before);
  if (unanswered.length === 0) after.delete(name);
  else after.set(name, { unanswered, isDoing: method !== "GET" });
  partials.value = after;
}

/** One for each node and what follows from it, by name. */
export function missing(): readonly { server: string; reason: string; isDoing: boolean }[] {
  const found = new Map<string, { server: string; reason: string; isDoing: boolean }>();
  for (const { unanswered, isDoing } of partials.value.values())
    for (const one of unanswered) found.set(`${one.server} ${isDoing}`, { ...one, isDoing });
  return [...found.values()].sort((one, other) => one.server.localeCompare(other.server));
}
