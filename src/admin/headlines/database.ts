/** What mail of several nodes may be lost by, though it was acknowledged, and what makes it slow. */
import type { DurabilityFault, DurabilityFaultCode } from "../../core/policy/database-durability.ts";
import type { UpkeepFault, UpkeepFaultCode } from "../../core/policy/database-upkeep.ts";
import { type Headline, sentence } from "./headline.ts";

const severities = {
  fsyncOff: "error",
  fullPageWritesOff: "error",
  standbyAway: "error",
  noStandby: "warning",
  rowsHeld: "warning",
  deadRows: "warning",
} as const satisfies Readonly<Record<DurabilityFaultCode | UpkeepFaultCode, Headline["severity"]>>;

export function databaseHeadlines(faults: readonly (DurabilityFault | UpkeepFault)[]): Headline[] {
  return faults.map(({ code, text }) => ({
    subject: "database",
    severity: severities[code],
    text: sentence(text),
  }));
}
