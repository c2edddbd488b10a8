/** Private memory of the relay while many large messages are under way. */
import { freePort } from "../../src/testing/free-port.ts";
import { measure } from "../load.ts";
import { loadOf } from "../loads.ts";
import { startWeir } from "../peers/weir.ts";
import { anonymousBytes, watchPeak } from "../process-tree.ts";
import { progress } from "../progress.ts";
import type { Run } from "./run.ts";

const mebibyte = 2 ** 20;
const underWay = 100;
const everyMs = 50;

export const bodies: Run = {
  name: "bodies",
  about: `private memory while ${underWay} messages of 1 MB come in at once`,
  async run({ folder, messages, rounds }) {
    const sinkPort = await freePort();
    const relay = await startWeir({ directory: folder, sinkPort });
    try {
      await measure(relay, sinkPort, loadOf("reuse", messages));
      const before = anonymousBytes(relay.pid);
      const rows: string[][] = [];
      let most = 0;
      for (const sessions of [Math.ceil(underWay / 5), underWay]) {
        progress(`bodies: ${sessions} messages of 1 MB at once`);
        const load = { ...loadOf("1m", messages), sessions, messages: sessions * Math.max(1, rounds) };
        const peak = watchPeak(relay.pid, anonymousBytes, everyMs);
        let perSecond: number;
        try {
          perSecond = (await measure(relay, sinkPort, load)).endToEndPerSecond;
        } finally {
          most = peak.stop() - before;
        }
        rows.push([
          String(sessions),
          (most / mebibyte).toFixed(0),
          (most / mebibyte / sessions).toFixed(2),
          perSecond.toFixed(0),
        ]);
      }
      const each = most / mebibyte / underWay;
      return {
        title: `Messages of 1 MB under way: private memory (RssAnon), looked at every ${everyMs} ms`,
        table: [["at once", "peak above idle, MB", "MB each", "end to end/s"], ...rows],
        notes: [`Idle, after a load of small messages: ${(before / mebibyte).toFixed(0)} MB.`],
        marks: [
          {
            name: `private memory with ${underWay} messages of 1 MB under way`,
            required: "≤ 1 MB each",
            measured: `${each.toFixed(2)} MB each`,
            met: each <= 1,
          },
        ],
      };
    } finally {
      await relay.stop();
    }
  },
};
