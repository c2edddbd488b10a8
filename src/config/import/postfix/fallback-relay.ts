/** smtp_fallback_relay as a send connector that takes over from the others. */
import { nothingCarried, tell } from "../carried.ts";
import type { ImportedPart } from "../finding.ts";
import { importedConnector, type ConnectorOptions } from "./imported-connector.ts";
import type { MainCf } from "./main-cf.ts";
import { nextHopOf } from "./next-hop.ts";
import { wordsOf } from "./tables.ts";

const parameter = "smtp_fallback_relay";
export const fallbackName = "Fallback";

/** Undefined: there is none. */
export function fallbackPart(main: MainCf, options: ConnectorOptions): ImportedPart | undefined {
  const given = main.value(parameter) ?? main.value("fallback_relay") ?? "";
  const words = wordsOf(given);
  if (words.length === 0) return undefined;
  const hops = words.map(nextHopOf);
  const usable = hops.flatMap((hop) => (hop.ok ? [hop.smartHost] : []));
  const title = `Send connector ${fallbackName}`;
  const reasons = hops.flatMap((hop) => (hop.ok ? [] : [hop.reason]));
  if (usable.length === 0)
    return { title, edits: [], findings: [], toDo: [], skipped: `${parameter}: ${reasons.join("; ")}` };
  const carried = nothingCarried();
  carried.settings["smartHosts"] = usable;
  tell(
    carried,
    parameter,
    given,
    "differs",
    `smartHosts: ${usable.join(", ")}; it takes over when a connector's first attempt failed (fallbackAfter: 0s), for all of its queue until the next hop answers`,
  );
  for (const reason of reasons) tell(carried, parameter, given, "leftOut", reason);
  return importedConnector(
    fallbackName,
    { addressSpaces: ["*;100"] },
    words[0] ?? "",
    carried,
    main,
    options,
  );
}
