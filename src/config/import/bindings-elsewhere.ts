/** Bindings that were copied from another machine. */
import { parseEndpoint } from "../../core/units/endpoint.ts";
import type { ConfigurationEdit } from "../edit.ts";
import type { Plain } from "../edit-value.ts";
import { commandText, type ToDo } from "./finding.ts";

/** A sentence for each new receive connector that is bound to an address that none of this machine's is. */
export function bindingsElsewhere(
  edits: readonly ConfigurationEdit[],
  isOwnAddress: (address: string) => boolean,
): readonly ToDo[] {
  return edits.flatMap((edit) => {
    if (edit.kind !== "add" || edit.section !== "receiveConnectors") return [];
    const bindings = asTexts(edit.settings["bindings"]);
    const elsewhere = bindings.filter((binding) => {
      const endpoint = parseEndpoint(binding);
      return endpoint.ok && !isOwnAddress(endpoint.value.address);
    });
    if (elsewhere.length === 0) return [];
    const port = elsewhere[0]?.slice(elsewhere[0].lastIndexOf(":") + 1) ?? "25";
    return [
      {
        text: `${edit.name} listens on ${elsewhere.join(", ")}, which is no address of this machine. Move the address here, or:`,
        command: commandText("Set-ReceiveConnector", edit.name, "-Bindings", `0.0.0.0:${port}`),
      },
    ];
  });
}

function asTexts(value: Plain | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly Plain[]).map(String) : [];
}
