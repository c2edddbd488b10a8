/** Reads the section `sendConnectors`. */
import type { SendConnectorSettings } from "../core/policy/send-connector.ts";
import { checkUniqueNames } from "./connector-conflicts.ts";
import type { Findings } from "./fault.ts";
import { type HomeOf, readPiece } from "./issues.ts";
import { canonicalSection, isSection, readRest } from "./section.ts";
import {
  checkSendConnector,
  type PasswordSources,
  readCredential,
  sendConnectorSettings,
  withKindPresets,
} from "./send-connector.ts";
import { sendConnectorSchema } from "./send-connector-schema.ts";

const placeholders = { name: "?", addressSpaces: ["*"] };

/** The connectors without faults; all faults and warnings go to the findings. */
export function readSendConnectors(
  list: readonly unknown[],
  relay: { readonly hostname: string; readonly inDataDirectory: (file: string) => string },
  passwords: PasswordSources,
  homeOf: HomeOf,
  findings: Findings,
): readonly SendConnectorSettings[] {
  const section = ["sendConnectors"];
  const connectors = list.map((raw, index): SendConnectorSettings | undefined => {
    const path = [...section, index];
    const canonical = canonicalSection(raw, path, findings);
    const written = isSection(canonical) ? canonical : {};
    const preset = isSection(canonical) ? withKindPresets(canonical) : canonical;
    const { value: given, faulty } = readPiece(sendConnectorSchema, preset, path, findings, homeOf);
    if (!given) {
      const rest = readRest(sendConnectorSchema, preset, faulty, placeholders);
      if (rest) checkSendConnector(rest, written, faulty, path, findings);
      if (rest?.authenticationCredential)
        readCredential(
          rest.authenticationCredential,
          [...path, "authenticationCredential"],
          passwords,
          findings,
        );
      return undefined;
    }
    checkSendConnector(given, written, new Set(), path, findings);
    const credential = given.authenticationCredential
      ? readCredential(
          given.authenticationCredential,
          [...path, "authenticationCredential"],
          passwords,
          findings,
        )
      : undefined;
    return sendConnectorSettings(given, { ...relay, credential });
  });
  checkUniqueNames(list, section, findings);
  return connectors.filter((connector) => connector !== undefined);
}
