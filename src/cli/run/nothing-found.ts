/** What is said where a reading command has nothing to show: that there is nothing, or that nothing fits. */
import type { Arguments } from "../arguments/value.ts";

/** `filters`: the parameters that leave something out, of which at least one was given where nothing fits. */
export function nothingFound(
  args: Arguments,
  filters: readonly string[],
  { nothing, unfit }: { readonly nothing: string; readonly unfit: string },
): string {
  const given = filters.filter((name) => args.has(name));
  return given.length === 0 ? nothing : `${unfit} ${given.map((name) => `-${name}`).join(" and ")}`;
}
