/** sender_dependent_relayhost_maps as send connectors that are for some senders only. */
import { parseSenderSpace } from "../../sender-space.ts";
import { nothingCarried, tell } from "../carried.ts";
import type { ImportedPart } from "../finding.ts";
import { carryHop, importedConnector, type ConnectorOptions, type UsableHop } from "./imported-connector.ts";
import type { MainCf } from "./main-cf.ts";
import { nextHopOf } from "./next-hop.ts";
import { tableEntries, wordsOf } from "./tables.ts";

const parameter = "sender_dependent_relayhost_maps";

/** Postfix looks an address up before its domain. */
interface SenderRoute {
  readonly of: "address" | "domain";
  readonly given: string;
  readonly hop: UsableHop;
  readonly senders: string[];
}

export interface SenderRoutes {
  readonly parts: readonly ImportedPart[];
  /** What costs more than all of these: `*` with the cost of connectors for all senders. */
  readonly everywhere: string;
}

export function senderRoutes(main: MainCf, options: ConnectorOptions): SenderRoutes {
  const routes = new Map<string, SenderRoute>();
  const lost: { readonly entry: string; readonly reason: string }[] = [];
  for (const word of wordsOf(main.value(parameter))) {
    const entries = tableEntries(word, options.files);
    if (entries === undefined)
      lost.push({ entry: word, reason: `${word} cannot be read beside main.cf, or has no text` });
    for (const { key, value } of entries ?? []) {
      const entry = `${key} ${value}`;
      if (/^dunno$/i.test(value)) {
        lost.push({ entry, reason: `${entry} - senders cannot be left out of those of their domain` });
        continue;
      }
      const sender = key.startsWith("@") ? key.slice(1) : key;
      const space = parseSenderSpace(sender);
      const hop = nextHopOf(value.replace(/^(?:smtp|relay)?:(?=\[|[^:]+$)/, ""));
      if (!space.ok || !hop.ok) {
        lost.push({ entry, reason: `${entry} - ${space.ok ? (hop.ok ? "" : hop.reason) : space.message}` });
        continue;
      }
      const of = space.value.kind === "address" ? "address" : "domain";
      const at = `${of} ${hop.smartHost}`;
      const route = routes.get(at) ?? { of, given: value, hop, senders: [] };
      route.senders.push(sender);
      routes.set(at, route);
    }
  }
  const kinds = new Set(Array.from(routes.values(), ({ of }) => of));
  const isBoth = kinds.size > 1;
  const parts = Array.from(routes.values(), ({ of, given, hop, senders }) => {
    const carried = nothingCarried();
    carryHop(carried, parameter, given, hop);
    const space = isBoth && of === "domain" ? "*;2" : "*";
    return importedConnector(
      `From ${senders[0] === "<>" ? "nobody" : (senders[0] ?? "")}`,
      { addressSpaces: [space], senderSpaces: senders },
      given,
      carried,
      main,
      options,
    );
  });
  const everywhere = isBoth ? "*;3" : "*";
  if (lost.length === 0) return { parts, everywhere };
  const told = nothingCarried();
  for (const { entry, reason } of lost) tell(told, parameter, entry, "leftOut", reason);
  const title = `Routes of ${parameter}`;
  return { parts: [...parts, { title, edits: [], findings: told.findings, toDo: [] }], everywhere };
}
