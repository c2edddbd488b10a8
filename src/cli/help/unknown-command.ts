import type { Found } from "../arguments/find-name.ts";

export function unknownCommand(
  typed: string,
  found: Exclude<Found<unknown>, { readonly kind: "found" }>,
): string {
  if (found.kind === "ambiguous") return `weir: ${typed} may be ${found.names.join(", ")}\n`;
  const hint = found.suggestion === undefined ? "weir --help lists all" : `Did you mean ${found.suggestion}?`;
  return `weir: there is no command ${typed.slice(0, 100)}. ${hint}\n`;
}
