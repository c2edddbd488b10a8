/** Fast and safe together: kill -9 under load loses nothing, and what the flushes behind that are per message. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { runKillRounds } from "../../test/faults/kill-rounds.ts";
import { progress } from "../progress.ts";
import { postfix } from "../peers/postfix.ts";
import { weir } from "../peers/weir.ts";
import { type Syncs, countSyncs } from "../syncs.ts";
import type { Run } from "./run.ts";

/** Kills for each round of the bench. */
const killsPerRound = 2;

export const crash: Run = {
  name: "crash",
  about: "kill -9 under load, what was lost, and flushes per 1,000 messages (strace)",
  missing() {
    if (spawnSync("strace", ["-V"], { stdio: "ignore" }).error !== undefined)
      return "Debian's package strace";
    return postfix.missing();
  },
  async run({ folder, messages, rounds }) {
    mkdirSync(folder, { recursive: true });
    const kills = rounds * killsPerRound;
    const result = await runKillRounds({
      rounds: kills,
      clients: 20,
      seed: 1,
      longestLifeMs: 2000,
      mostAcknowledgements: Infinity,
      outages: true,
      drainMs: 120_000,
      onRound: (round, { acknowledged }) =>
        progress(`crash: kill ${round} of ${kills}, ${acknowledged} messages acknowledged so far`),
    });
    const { acknowledged, lost, damaged, duplicates } = result;
    progress("crash: counting flushes");
    const syncs = new Map<string, Syncs>();
    for (const kind of [weir, postfix]) syncs.set(kind.name, await countSyncs(kind, messages, folder));
    const per1000 = ({ counts, messages: sent }: Syncs): number =>
      (Object.values(counts).reduce((sum, count) => sum + count, 0) * 1000) / sent;
    const rows = [...syncs].map(([name, each]) => [
      name,
      per1000(each).toFixed(0),
      Object.entries(each.counts)
        .map(([call, count]) => `${count} ${call}`)
        .join(", "),
    ]);
    const good = lost.length === 0 && damaged.length === 0 && acknowledged > 0;
    const flushes = [...syncs].map(([name, each]) => `${name} ${per1000(each).toFixed(0)}`).join(", ");
    return {
      title: "Flushes: fdatasync, its like, and writes through O_DSYNC",
      table: [["", `per 1,000 messages`, `in all, of ${messages} messages and a start and stop`], ...rows],
      notes: [
        `20 sessions, 4 KB, under strace. kill -9 ${kills} times under 20 clients, every second time with the next hop away: of ${acknowledged} acknowledged messages ${lost.length} lost, ${damaged.length} damaged, ${duplicates} delivered twice.`,
      ],
      marks: [
        {
          name: `kill -9 under load, ${kills} times`,
          required: "nothing acknowledged is lost; flushes told",
          measured: `${lost.length} lost, ${damaged.length} damaged of ${acknowledged}; flushes per 1,000 messages: ${flushes}`,
          met: good,
        },
      ],
    };
  },
};
