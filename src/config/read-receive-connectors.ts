/** Reads the section `receiveConnectors`. */
import type { ReceiveConnectorSettings } from "../core/policy/receive-connector.ts";
import { checkReceiveConnectorWarnings } from "./configuration-warnings.ts";
import {
  checkConnectorChoice,
  checkHttpBindings,
  checkUniqueNames,
  type Listening,
} from "./connector-conflicts.ts";
import type { Findings } from "./fault.ts";
import { type HomeOf, readPiece } from "./issues.ts";
import { checkReceiveConnector, receiveConnectorSettings, withUsagePresets } from "./receive-connector.ts";
import { receiveConnectorSchema } from "./receive-connector-schema.ts";
import { canonicalSection, isSection, readRest } from "./section.ts";

const listeningSettings = ["name", "enabled", "bindings", "httpBindings", "remoteIpRanges"];
const placeholders = { name: "?", bindings: ["127.0.0.1:0"], remoteIpRanges: ["127.0.0.1"] };

/** The connectors without faults; all faults and warnings go to the findings. */
export function readReceiveConnectors(
  list: readonly unknown[],
  relay: { readonly hostname: string; readonly absolute: (file: string) => string },
  homeOf: HomeOf,
  findings: Findings,
): readonly ReceiveConnectorSettings[] {
  const section = ["receiveConnectors"];
  const listening: (Listening | undefined)[] = [];
  const connectors = list.map((raw, index) => {
    const path = [...section, index];
    const canonical = canonicalSection(raw, path, findings);
    const written = isSection(canonical) ? canonical : {};
    const preset = isSection(canonical) ? withUsagePresets(canonical) : canonical;
    const { value: given, faulty } = readPiece(receiveConnectorSchema, preset, path, findings, homeOf);
    if (!given) {
      const rest = readRest(receiveConnectorSchema, preset, faulty, placeholders);
      if (rest) checkReceiveConnector(rest, written, faulty, path, findings);
      // What a range or binding with a fault was meant to be is not known.
      const isKnown = rest !== undefined && !listeningSettings.some((name) => faulty.has(name));
      listening.push(isKnown ? rest : undefined);
      return undefined;
    }
    checkReceiveConnector(given, written, new Set(), path, findings);
    const connector = receiveConnectorSettings(given, relay);
    checkReceiveConnectorWarnings(connector, written, path, findings);
    listening.push(connector);
    return connector;
  });
  checkUniqueNames(list, section, findings);
  checkConnectorChoice(listening, section, findings);
  checkHttpBindings(listening, section, findings);
  return connectors.filter((connector) => connector !== undefined);
}
