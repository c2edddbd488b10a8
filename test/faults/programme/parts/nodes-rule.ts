/** The rule of limits as the database has it, against the program's. */
import { startPostgres } from "../../../lab/postgres.ts";
import { seededRandom } from "../../random.ts";
import type { Part } from "../part.ts";
import { compareRule } from "./nodes/limit-rule.ts";

const sequencesPerRound = 500;

export const nodesRule: Part = {
  name: "nodes-rule",
  about: `${sequencesPerRound} random sequences at the doors of two nodes, decided by the database and by the program`,
  needs: ["linux", "postgres"],
  rounds: { usual: 20, quick: 2 },
  async run({ rounds, seed, progress }) {
    progress("the rule of limits in the database and in the program");
    const server = await startPostgres();
    try {
      const sequences = rounds * sequencesPerRound;
      const rule = await compareRule(await server.withSchema("weir"), sequences, seededRandom(seed));
      return [
        {
          what: "random sequences at two doors, decided by the database and by the program",
          count: `${rule.sequences} of ${rule.decisions} decisions`,
          required: "equal",
          measured:
            rule.differences.length === 0
              ? "equal"
              : `${rule.differences.length} differ: ${rule.differences[0]}`,
          held: rule.differences.length === 0,
        },
      ];
    } finally {
      await server.stop();
    }
  },
};
