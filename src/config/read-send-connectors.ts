/** Reads the section `sendConnectors`. */
import type { SendConnectorSettings } from "../core/policy/send-connector.ts";
import { checkOverflow } from "./send-connector-graph.ts";
import { checkUniqueNames } from "./connector-conflicts.ts";
import type { Findings } from "./fault.ts";
import { type HomeOf, readPiece } from "./issues.ts";
import { canonicalSection, isSection, readRest } from "./section.ts";
import { readOAuth } from "./read-oauth.ts";
import { readSendTls } from "./send-connector-tls.ts";
import type { SecretSources } from "./secret-sources.ts";
import { checkSendConnector, readCredential, sendConnectorSettings } from "./send-connector.ts";
import { withPresets } from "./send-connector-presets.ts";
import { checkWays, type KnownNames, namesIn } from "./send-connector-ways.ts";
import { sendConnectorSchema } from "./send-connector-schema.ts";

const placeholders = { name: "?", addressSpaces: ["*"] };

/** The connectors without faults; all faults and warnings go to the findings. */
export function readSendConnectors(
  list: readonly unknown[],
  relay: { readonly hostname: string; readonly inDataDirectory: (file: string) => string },
  others: Omit<KnownNames, "sendConnectors">,
  secrets: SecretSources,
  homeOf: HomeOf,
  findings: Findings,
): readonly SendConnectorSettings[] {
  const section = ["sendConnectors"];
  const connectors = list.map((raw, index): SendConnectorSettings | undefined => {
    const path = [...section, index];
    const canonical = canonicalSection(raw, path, findings);
    const preset = isSection(canonical) ? withPresets(canonical) : canonical;
    const written = isSection(preset) ? preset : {};
    const { value: given, faulty } = readPiece(sendConnectorSchema, preset, path, findings, homeOf);
    const rest = given ?? readRest(sendConnectorSchema, preset, faulty ?? new Set(), placeholders);
    if (rest === undefined) return undefined;
    checkSendConnector(rest, written, faulty ?? new Set(), path, findings);
    const { authenticationCredential } = rest;
    const at = [...path, "authenticationCredential"];
    const credential =
      authenticationCredential && readCredential(authenticationCredential, at, secrets, findings);
    const oauth =
      rest.oauth && readOAuth(rest.oauth, rest.preset === "graph", [...path, "oauth"], secrets, findings);
    const tls = readSendTls(rest, path, secrets, findings);
    if (given === undefined) return undefined;
    return sendConnectorSettings(given, { ...relay, credential, oauth, tls });
  });
  checkUniqueNames(list, section, findings);
  const known = { ...others, sendConnectors: namesIn(list) };
  checkOverflow(connectors, known.sendConnectors, section, findings);
  checkWays(connectors, known, section, findings);
  return connectors.filter((connector) => connector !== undefined);
}
