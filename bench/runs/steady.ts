/** Time to 250 where the load is given, not taken: at 80 % of the most that Postfix carries. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../src/testing/free-port.ts";
import { measure, startSink } from "../load.ts";
import { loadOf } from "../loads.ts";
import { median } from "../median.ts";
import { type PacedResult, runPaced } from "../paced-client.ts";
import type { Peer } from "../peers/peer.ts";
import { postfix } from "../peers/postfix.ts";
import { weir } from "../peers/weir.ts";
import { progress } from "../progress.ts";
import type { Run } from "./run.ts";

const connections = 20;
const sizeBytes = 4096;
const part = 0.8;

export const steady: Run = {
  name: "steady",
  about: `time to 250 of Weir and Postfix at a steady ${100 * part} % of Postfix's own maximum`,
  missing: () => postfix.missing(),
  async run({ folder, messages, rounds, seconds }) {
    const sinkPort = await freePort();
    const started = new Map<string, Peer>();
    const results = new Map<string, PacedResult[]>();
    const maxima: number[] = [];
    try {
      for (const kind of [weir, postfix]) {
        const directory = join(folder, kind.name);
        mkdirSync(directory);
        started.set(kind.name, await kind.start({ directory, sinkPort }));
      }
      // By the same client over as many connections, delivered: what is only accepted waits, and the queue grows.
      const full = { ...loadOf("reuse", messages), sessions: connections, sizeBytes, ownClient: true };
      for (const [name, peer] of started) {
        for (let round = 0; round <= rounds; round++) {
          const { endToEndPerSecond } = await measure(peer, sinkPort, full);
          if (name === "postfix" && round > 0) maxima.push(endToEndPerSecond);
        }
      }
      const perSecond = part * median(maxima);
      const sink = await startSink(sinkPort);
      try {
        for (let round = 1; round <= rounds; round++) {
          for (const [name, { port }] of started) {
            progress(
              `steady: ${name} at ${perSecond.toFixed(0)}/s for ${seconds} s, round ${round} of ${rounds}`,
            );
            const pace = {
              port,
              perSecond,
              connections,
              sizeBytes,
              messages: Math.ceil(perSecond * seconds),
            };
            results.set(name, [...(results.get(name) ?? []), await runPaced(pace)]);
          }
        }
      } finally {
        sink.stop();
      }
    } finally {
      await Promise.allSettled([...started.values()].map((peer) => peer.stop()));
    }
    const figure = (name: string, of: (result: PacedResult) => number): number =>
      median((results.get(name) ?? []).map(of));
    const text = (name: string, of: (result: PacedResult) => number): string => figure(name, of).toFixed(1);
    const p99 = (name: string): number => figure(name, (result) => result.fromDue(0.99));
    const rate = (part * median(maxima)).toFixed(0);
    return {
      title: `Time to 250 at a steady ${rate} messages/s, ${100 * part} % of Postfix's maximum of ${median(maxima).toFixed(0)}`,
      table: [
        [
          "",
          "ms from when it was due: p50",
          "p99",
          "max",
          "from its last octet: p50",
          "p99",
          "client late by p99",
        ],
        ...[...results.keys()].map((name) => [
          name,
          text(name, (result) => result.fromDue(0.5)),
          text(name, (result) => result.fromDue(0.99)),
          text(name, (result) => result.fromDue(1)),
          text(name, (result) => result.toReply(0.5)),
          text(name, (result) => result.toReply(0.99)),
          text(name, (result) => result.lateness(0.99)),
        ]),
      ],
      notes: [
        `Evenly spaced, ${connections} connections, ${rounds} × ${seconds} s each in turn, medians of the rounds; a message waits from the moment it is due.`,
      ],
      marks: [
        {
          name: `p99 to 250 at ${rate}/s (${100 * part} % of Postfix's maximum)`,
          required: `< Postfix's ${p99("postfix").toFixed(1)} ms`,
          measured: `${p99("weir").toFixed(1)} ms`,
          met: p99("weir") < p99("postfix"),
        },
      ],
    };
  },
};
