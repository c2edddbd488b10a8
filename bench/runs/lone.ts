/** One message with nothing else under way: what Weir adds to the bare protocol, in flushes of this disk. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../src/testing/free-port.ts";
import { type Session, envelopeOf, messageContent, openSession } from "../client.ts";
import { openDiskProbe } from "../disk.ts";
import { accept, startSink } from "../load.ts";
import { median, quantilesOf } from "../median.ts";
import { progress } from "../progress.ts";
import type { Run } from "./run.ts";

/** Enough for V8 to compile what a server in use has compiled. */
const warmUpMessages = 4_000;
/** Longer than the slowest peer needs to deliver what it accepted of them. */
const warmUpRestMs = 10_000;
/** Long enough for the message before to be delivered. */
const pauseMs = 15;
const warmUp = { name: "warm-up", sizeBytes: 4096, sessions: 20, reuse: true, recipients: 1 } as const;
/** In turn: each of the servers, then the disk. */
const atATime = 25;

export const lone: Run = {
  name: "lone",
  about: "p50 of one message at a time, against a server that stores nothing, and one fdatasync",
  async run({ folder, rounds, messages, peers }) {
    const count = Math.max(1, Math.min(atATime, Math.floor(messages / 20)));
    const turns = rounds * 3;
    const sinkPort = await freePort();
    const sink = await startSink(sinkPort);
    const disk = openDiskProbe(folder);
    const running = [];
    const sessions = new Map<string, Session>();
    const times = new Map<string, number[]>();
    try {
      sessions.set("bare", await openSession({ port: sinkPort }));
      for (const kind of peers) {
        const directory = join(folder, kind.name);
        mkdirSync(directory);
        const peer = await kind.start({ directory, sinkPort });
        running.push(peer);
        await accept(peer.port, { ...warmUp, messages: Math.min(warmUpMessages, messages) });
        sessions.set(kind.name, await openSession(peer));
      }
      if (messages >= 1_000) await delay(warmUpRestMs);
      const envelope = envelopeOf({ recipients: 1 }, 0);
      const content = messageContent(4096);
      for (let turn = 0; turn <= turns; turn++) {
        progress(`lone: turn ${turn} of ${turns}`);
        for (const [name, session] of sessions) {
          const mine: number[] = [];
          for (let i = 0; i < count; i++) {
            await delay(pauseMs);
            mine.push(await session.send(envelope, content, 1));
          }
          // The first turn warms up.
          if (turn > 0) times.set(name, [...(times.get(name) ?? []), ...mine]);
        }
        const flushes = await disk.inPlace(count, pauseMs);
        if (turn > 0) times.set("disk", [...(times.get("disk") ?? []), ...flushes]);
      }
    } finally {
      for (const session of sessions.values()) session.quit();
      await Promise.allSettled(running.map((peer) => peer.stop()));
      sink.stop();
      disk.close();
    }
    const p50 = (name: string): number => median(times.get(name) ?? []);
    const above = p50("weir") - p50("bare");
    const title: Readonly<Record<string, string>> = {
      bare: "bare protocol (smtp-sink, which stores nothing)",
      disk: "one fdatasync of 4 KB rewritten in place",
    };
    return {
      title: "A lone message: ms from its last octet to the 250, of servers that are warm",
      table: [
        ["", "p50", "p99", "samples"],
        ...[...times].map(([name, all]) => {
          const at = quantilesOf(all);
          return [title[name] ?? name, at(0.5).toFixed(2), at(0.99).toFixed(2), String(all.length)];
        }),
      ],
      notes: [],
      marks: [
        {
          name: "lone message: p50 above the bare protocol",
          required: `≤ 2 × fdatasync (${p50("disk").toFixed(2)} ms)`,
          measured: `${above.toFixed(2)} ms, ${(above / p50("disk")).toFixed(1)} ×`,
          met: above <= 2 * p50("disk"),
        },
      ],
    };
  },
};
