/** Names that send connectors give: receive connectors and applications they are for. */
import type { SendConnectorSettings } from "../core/policy/send-connector.ts";
import { quoted } from "../core/units/parsed.ts";
import type { Findings, Path } from "./fault.ts";
import { isSection } from "./section.ts";

/** As the file gives them, whatever faults their sections have. */
export interface KnownNames {
  readonly sendConnectors: readonly string[];
  readonly receiveConnectors: readonly string[];
  readonly applications: readonly string[];
}

/** The names of a list of the file; a list with faults has those that can be read. */
export function namesIn(list: unknown): readonly string[] {
  if (!Array.isArray(list)) return [];
  return (list as readonly unknown[]).map((entry) => (isSection(entry) ? String(entry["name"]).trim() : ""));
}

/** Whatever is named has to be there. */
export function checkWays(
  connectors: readonly (SendConnectorSettings | undefined)[],
  known: KnownNames,
  path: Path,
  findings: Findings,
): void {
  for (const [index, connector] of connectors.entries()) {
    if (connector === undefined) continue;
    const { name, restrictions } = connector;
    for (const [setting, noun] of namedSettings) {
      const names = new Set(known[setting].map((one) => one.toLowerCase()));
      for (const [at, wanted] of (restrictions?.[setting] ?? []).entries())
        if (!names.has(wanted.toLowerCase()))
          findings.fault(
            [...path, index, setting, at],
            `there is no ${noun} ${quoted(wanted)}, which send connector ${quoted(name)} is for`,
          );
    }
  }
}

const namedSettings = [
  ["receiveConnectors", "receive connector"],
  ["applications", "application"],
] as const;
