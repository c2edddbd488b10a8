/** The rule of limits as the database has it, against the program's. */
import { startPostgres } from "../../../lab/postgres.ts";
import { seededRandom } from "../../random.ts";
import type { Finding, Part } from "../part.ts";
import { compareRule, type RuleResult } from "./nodes/limit-rule.ts";

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
      const settings = await server.withSchema("weir");
      const random = seededRandom(seed);
      const rule = await compareRule(settings, rounds * sequencesPerRound, random);
      // Of one place more than there is.
      const spoilt = await compareRule(settings, sequencesPerRound, random, (counts) => ({
        ...counts,
        open: counts.open - 1,
      }));
      const finding = ({ sequences, decisions, differences }: RuleResult, what: string): Finding => ({
        what,
        count: `${sequences} of ${decisions} decisions`,
        required: "equal",
        measured: differences.length === 0 ? "equal" : `${differences.length} differ: ${differences[0]}`,
        held: differences.length === 0,
      });
      return [
        finding(rule, "random sequences at two doors, decided by the database and by the program"),
        { ...finding(spoilt, "the same, where the program counts one too few"), control: true },
      ];
    } finally {
      await server.stop();
    }
  },
};
