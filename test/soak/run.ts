/** Long runs that do not fit into the ordinary tests: `npm run soak -- --rounds 1000`. */
import { parseArgs } from "node:util";
import { runKillRounds } from "../faults/kill-rounds.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "100" },
    clients: { type: "string", default: "8" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    life: { type: "string", default: "2000" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(`Usage: npm run soak -- [--rounds 100] [--clients 8] [--life 2000] [--seed N]

Kills the relay (kill -9) at a random moment of each round while clients send, every second round with the next hop
away. In the end everything acknowledged must have arrived, whole. --life: longest life of a relay, in ms.`);
} else {
  const seed = Number(values.seed);
  const rounds = Number(values.rounds);
  console.log(`seed ${seed}`);
  const result = await runKillRounds({
    rounds,
    clients: Number(values.clients),
    seed,
    longestLifeMs: Number(values.life),
    mostAcknowledgements: Infinity,
    outages: true,
    drainMs: 300_000,
    onRound: (round, { acknowledged, arrived, damaged, duplicates }, startMs) => {
      if (round % 10 === 0 || round === rounds)
        console.log(
          `round ${round}: ${acknowledged} acknowledged, ${arrived} arrived, ${damaged.length} damaged, ` +
            `${duplicates} duplicates, started in ${startMs.toFixed(0)} ms`,
        );
    },
  });
  const starts = result.startMs.toSorted((a, b) => a - b);
  console.log(
    `acknowledged ${result.acknowledged}, lost ${result.lost.length}, damaged ${result.damaged.length}, ` +
      `duplicates ${result.duplicates} (${(result.duplicates / rounds).toFixed(1)} a round), ` +
      `start median ${starts[starts.length >> 1]?.toFixed(0)} ms, worst ${starts.at(-1)?.toFixed(0)} ms`,
  );
  if (result.lost.length > 0 || result.damaged.length > 0) {
    console.log(`lost: ${result.lost.join(" ")}\ndamaged: ${result.damaged.join(" ")}`);
    process.exitCode = 1;
  }
}
