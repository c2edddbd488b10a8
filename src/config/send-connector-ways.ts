/** Names that send connectors give: receive connectors and applications they are for, and who takes over from them. */
import type { SendConnectorSettings } from "../core/policy/send-connector.ts";
import { mayTakeOver } from "../core/tls-policy/taking-over.ts";
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

/** Whatever is named has to be there, and who takes over must not lead back. */
export function checkWays(
  connectors: readonly (SendConnectorSettings | undefined)[],
  known: KnownNames,
  path: Path,
  findings: Findings,
): void {
  const called = new Map(connectors.map((connector) => [connector?.name.toLowerCase(), connector]));
  const next = ({ fallback }: SendConnectorSettings): SendConnectorSettings | undefined =>
    fallback === undefined ? undefined : called.get(fallback.connector.toLowerCase());

  for (const [index, connector] of connectors.entries()) {
    if (connector === undefined) continue;
    const { name, restrictions, fallback } = connector;
    for (const [setting, noun] of namedSettings) {
      const names = new Set(known[setting].map((one) => one.toLowerCase()));
      for (const [at, wanted] of (restrictions?.[setting] ?? []).entries())
        if (!names.has(wanted.toLowerCase()))
          findings.fault(
            [...path, index, setting, at],
            `there is no ${noun} ${quoted(wanted)}, which send connector ${quoted(name)} is for`,
          );
    }
    if (fallback === undefined) continue;
    const at = [...path, index, "fallbackConnector"];
    const taking = next(connector);
    const loop = loopFrom(connector, next);
    if (!known.sendConnectors.some((one) => one.toLowerCase() === fallback.connector.toLowerCase()))
      findings.fault(
        at,
        `there is no send connector ${quoted(fallback.connector)}, which is to take over from ${quoted(name)}`,
      );
    else if (taking === connector) findings.fault(at, "is the connector itself");
    else if (loop !== undefined)
      findings.fault(at, `leads back to the connector itself: ${loop.join(" → ")}`);
    else if (taking?.enabled === false)
      findings.warning(at, `${quoted(taking.name)} is not enabled: it takes nothing over`);
    else if (taking !== undefined && !mayTakeOver(connector, taking, "clear", undefined))
      findings.warning(
        at,
        `${quoted(taking.name)} takes nothing over: ${quoted(name)} demands more of TLS. Give it requireTls, tlsAuthLevel and tlsDomain, or this one fallbackMayWeakenTls: true`,
      );
  }
}

const namedSettings = [
  ["receiveConnectors", "receive connector"],
  ["applications", "application"],
] as const;

/** The names on the way back to `start`; undefined: the way ends. */
function loopFrom(
  start: SendConnectorSettings,
  next: (connector: SendConnectorSettings) => SendConnectorSettings | undefined,
): readonly string[] | undefined {
  const names = [start.name];
  for (let at = next(start); at !== undefined && !names.slice(1).includes(at.name); at = next(at)) {
    names.push(at.name);
    if (at === start) return names;
  }
  return undefined;
}
