/** The fault programme in small: parts that are neither timed nor long. All of it: `npm run faults`. */
import { expect, test } from "vitest";
import { isGood, verdictOf } from "./part.ts";
import { bitFlips } from "./parts/bit-flips.ts";
import { powerCut } from "./parts/power-cut.ts";
import { missingOf } from "./rig/tools.ts";
import { runPart } from "./run-part.ts";

const seed = Number(process.env["WEIR_TEST_SEED"] ?? Date.now() % 1_000_000);

test.concurrent.for([
  { part: powerCut, rounds: 2 },
  { part: bitFlips, rounds: 4 },
])("$part.name, and its control fails", async ({ part, rounds }, { skip }) => {
  const missing = missingOf(part.needs);
  if (missing.length > 0) console.log(`SKIPPED: ${part.name} needs ${missing.join(", ")}`);
  skip(missing.length > 0);
  const told: string[] = [];
  const result = await runPart(part, { rounds, seed, progress: (text) => told.push(text) });
  if ("skipped" in result) throw new Error("what it needs was there");
  const bad = result.findings
    .filter((finding) => !isGood(finding))
    .map((finding) => `${finding.what}: ${verdictOf(finding)}: ${finding.measured}`);
  expect(bad, `seed ${seed}\n${told.join("\n")}`).toEqual([]);
});
