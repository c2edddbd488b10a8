/** Which of some names a person means: exactly, but for case and hyphens, or by an unambiguous beginning. */
import { nearest } from "../../core/units/nearest-name.ts";

export type Found<Item> =
  | { readonly kind: "found"; readonly item: Item }
  | { readonly kind: "ambiguous"; readonly names: readonly string[] }
  | { readonly kind: "unknown"; readonly suggestion: string | undefined };

export interface Named {
  readonly name: string;
  readonly aliases?: readonly string[];
}

/** With `exactly` a beginning is not enough, and only suggests. */
export function findName<Item extends Named>(
  typed: string,
  items: readonly Item[],
  { exactly = false }: { readonly exactly?: boolean } = {},
): Found<Item> {
  const wanted = plain(typed);
  const exact = items.find(({ name, aliases = [] }) => [name, ...aliases].some((it) => plain(it) === wanted));
  if (exact !== undefined) return { kind: "found", item: exact };
  const beginning = wanted === "" ? [] : items.filter(({ name }) => plain(name).startsWith(wanted));
  const [only, another] = beginning;
  if (only !== undefined && another === undefined)
    return exactly ? { kind: "unknown", suggestion: only.name } : { kind: "found", item: only };
  if (only !== undefined) return { kind: "ambiguous", names: beginning.map(({ name }) => name) };
  return { kind: "unknown", suggestion: nearestName(typed, items) };
}

/** Typed whole, but for case and hyphens. */
export function isNamed(name: string, typed: string): boolean {
  return plain(name) === plain(typed);
}

/** The name a few slips away from what was typed; undefined when none is near. */
export function nearestName(typed: string, items: readonly Named[]): string | undefined {
  const names = new Map(items.map(({ name }) => [plain(name), name]));
  return names.get(nearest(plain(typed), names.keys()) ?? "");
}

/** `max-inbound-connection` and `MaxInboundConnection` are one name. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll("-", "");
}
