/** The database that several nodes share: whether it answers, fits this release, and keeps what it confirms. */
import { readFile } from "node:fs/promises";
import { readDatabaseFacts } from "../../../cluster/database/durability.ts";
import { readUpkeep } from "../../../cluster/database/upkeep.ts";
import { openSession } from "../../../cluster/database/session.ts";
import { schemaState, whyUnfit } from "../../../cluster/schema/migrate.ts";
import { readClusterSection } from "../../../config/read-cluster-section.ts";
import {
  durabilityFaults,
  type DurabilityFault,
  type DurabilityFaultCode,
} from "../../../core/policy/database-durability.ts";
import type { Check } from "../context.ts";
import type { Finding, FindingLevel } from "../finding.ts";

export const database: Check = async ({ configFile }) => {
  const check = "database";
  const { cluster } = readClusterSection(await readFile(configFile, "utf8"), configFile);
  if (cluster === undefined) return [];
  const settings = cluster.database;
  const session = openSession(settings, "doctor");
  try {
    const facts = await readDatabaseFacts(session);
    const findings = durabilityFaults(facts, settings.durability ?? "standby").map(durabilityFinding);
    const upkeep = await readUpkeep(session, settings.schema, new Map(), () => 0);
    findings.push(...upkeep.map((fault) => ({ check, level: "warning" as const, ...fault })));
    const unfit = whyUnfit(await schemaState(session, settings.schema));
    if (unfit !== undefined)
      findings.push({
        check,
        level: "bad",
        code: "databaseUnfit",
        text: unfit,
        advice: "docs/several-nodes.md, Roll an upgrade",
      });
    if (findings.length > 0) return findings;
    const safe = settings.durability === "service" ? "" : ", and a synchronous standby is waited for";
    return [{ check, level: "good", code: "databaseFine", text: `the database answers${safe}` }];
  } catch (error) {
    return [
      {
        check,
        level: "bad",
        code: "databaseAway",
        text: `the database cannot be asked: ${error instanceof Error ? error.message : String(error)}`,
        advice:
          "without it a node takes no mail and delivers none; look at cluster.database, and at the server's log",
      },
    ];
  } finally {
    session.close();
  }
};

const levels: Readonly<Record<DurabilityFaultCode, FindingLevel>> = {
  fsyncOff: "bad",
  fullPageWritesOff: "bad",
  standbyAway: "bad",
  noStandby: "warning",
};

export function durabilityFinding({ code, text, advice }: DurabilityFault): Finding {
  return { check: "database", level: levels[code], code, text, advice };
}
