/** What mail of several nodes may be lost by, though it was acknowledged. */
import type { DurabilityFault, DurabilityFaultCode } from "../../core/policy/database-durability.ts";
import { type Headline, sentence } from "./headline.ts";

const severities = {
  fsyncOff: "error",
  fullPageWritesOff: "error",
  standbyAway: "error",
  noStandby: "warning",
} as const satisfies Readonly<Record<DurabilityFaultCode, Headline["severity"]>>;

export function databaseHeadlines(faults: readonly DurabilityFault[]): Headline[] {
  return faults.map(({ code, text }) => ({
    subject: "database",
    severity: severities[code],
    text: sentence(text),
  }));
}
