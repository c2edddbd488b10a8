/** New send connectors for an address space that another one serves at the same cost: only one of them gets mail. */
import { parseAddressSpace } from "../address-space.ts";
import type { ConfigurationEdit } from "../edit.ts";
import { commandText, type ToDo } from "./finding.ts";

interface Serving {
  readonly name: string;
  readonly enabled: boolean;
  readonly spaces: readonly string[];
}

export function addressSpaceRivals(
  edits: readonly ConfigurationEdit[],
  present: readonly Readonly<Record<string, unknown>>[],
): readonly ToDo[] {
  const removed = edits.flatMap((edit) => (edit.kind === "remove" ? [edit.name.toLowerCase()] : []));
  const before = present.map(serving).filter(({ name }) => !removed.includes(name.toLowerCase()));
  const added = edits.flatMap((edit) =>
    edit.kind === "add" && edit.section === "sendConnectors"
      ? [serving({ name: edit.name, ...edit.settings })]
      : [],
  );
  return added.flatMap((connector, index) =>
    [...before, ...added.slice(0, index)].flatMap((other) => {
      const shared = connector.spaces.find((space) => other.spaces.includes(space));
      if (shared === undefined || !connector.enabled || !other.enabled) return [];
      const [first, last] = [connector.name, other.name].toSorted((a, b) =>
        a.toLowerCase() < b.toLowerCase() ? -1 : 1,
      );
      return [
        {
          text: `${first} and ${last} both take ${shared} at the same cost; all mail for it goes to ${first}, whose name comes first. Take one out:`,
          command: commandText("Remove-SendConnector", other.name),
        },
      ];
    }),
  );
}

/** Spaces by what they mean, cost included. */
function serving(connector: Readonly<Record<string, unknown>>): Serving {
  const spaces = Array.isArray(connector["addressSpaces"]) ? connector["addressSpaces"].map(String) : [];
  return {
    name: String(connector["name"]),
    enabled: connector["enabled"] !== false,
    spaces: spaces.flatMap((text) => {
      const space = parseAddressSpace(text);
      if (!space.ok) return [];
      const { domain, subdomains, cost } = space.value;
      const name = domain === "" ? "*" : subdomains ? `*.${domain}` : domain;
      return [cost === 1 ? name : `${name};${cost}`];
    }),
  };
}
