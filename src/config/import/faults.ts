/** Connectors that the configuration's check would refuse: each is left out, so that it does not hold up the others. */
import type { ConfigurationEdit } from "../edit.ts";
import { parseConfigValue } from "../parse-config.ts";
import type { ImportedPart } from "./finding.ts";

export function withoutFaults(parts: readonly ImportedPart[]): readonly ImportedPart[] {
  return parts.map((part) => {
    const faults = part.edits.flatMap(faultsOf);
    return faults.length === 0 ? part : { ...part, edits: [], toDo: [], skipped: faults.join("; ") };
  });
}

/** Of one connector by itself; files it names are looked at when it is applied. */
function faultsOf(edit: ConfigurationEdit): readonly string[] {
  if (edit.kind !== "add") return [];
  const result = parseConfigValue(
    { hostname: "localhost", receiveConnectors: [], [edit.section]: [{ name: edit.name, ...edit.settings }] },
    { file: "weir.yaml", readText: () => "?", env: {} },
  );
  if (result.ok) return [];
  return result.faults.map(({ path, message }) => {
    const setting = path.slice(path.indexOf(".") + 1);
    return setting === path ? message : `${setting}: ${message}`;
  });
}
