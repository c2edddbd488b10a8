/** What an idle connection costs: private memory of the relay with many of them, greeted and introduced. */
import { readFileSync } from "node:fs";
import { type Socket, connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../src/testing/free-port.ts";
import { startWeir } from "../peers/weir.ts";
import { anonymousBytes } from "../process-tree.ts";
import { progress } from "../progress.ts";
import { createReplyReader } from "../reply-reader.ts";
import type { Run } from "./run.ts";

/** Open before the first reading, so that what the relay makes for its first clients does not count. */
const baseline = 100;
/** Opened at a time: below the kernel's accept queue. */
const batch = 100;
/** What a process has open beside its connections, amply. */
const otherFiles = 200;
const mostBytes = 20 * 1024;

export const idle: Run = {
  name: "idle",
  about: "private memory of --connections idle connections, each (both ends need `ulimit -n` above it)",
  async run({ folder, connections: wanted }) {
    const mostFiles = openFilesAllowed();
    const connections = Math.min(wanted, mostFiles - baseline - otherFiles);
    if (connections < 1) throw new Error(`ulimit -n is ${mostFiles}: too little for any connection`);
    const relay = await startWeir({ directory: folder, sinkPort: await freePort() });
    const sockets: Socket[] = [];
    let dropped = 0;
    const openUpTo = async (count: number): Promise<void> => {
      while (sockets.length < count) {
        const first = sockets.length;
        const opening = Array.from({ length: Math.min(batch, count - first) }, (_, i) =>
          open(relay.port, first + i),
        );
        for (const socket of await Promise.all(opening)) {
          sockets.push(socket);
          socket.once("close", () => dropped++);
        }
        if (sockets.length % 2000 === 0) progress(`idle: ${sockets.length} connections open`);
      }
    };
    let bytesEach: number;
    try {
      await openUpTo(baseline);
      await delay(1000);
      const before = anonymousBytes(relay.pid);
      await openUpTo(baseline + connections);
      await delay(5000);
      bytesEach = (anonymousBytes(relay.pid) - before) / connections;
      if (dropped > 0) throw new Error(`the relay closed ${dropped} of the idle connections`);
    } finally {
      for (const socket of sockets) socket.destroy();
      await relay.stop();
    }
    const enough = connections === wanted;
    const kilobytes = `${(bytesEach / 1024).toFixed(1)} KB each`;
    return {
      title: "Idle connections",
      table: [
        ["connections", "private memory (RssAnon)"],
        [String(connections), kilobytes],
      ],
      notes: [
        `ulimit -n is ${mostFiles} here${enough ? "" : `, too little for ${wanted}`}. After EHLO, garbage of the opening included; buffers in the kernel are not.`,
      ],
      marks: [
        {
          name: `${wanted} idle connections`,
          required: "≤ 20 KB each",
          measured: enough ? kilobytes : `${kilobytes}, but of ${connections} only (ulimit -n ${mostFiles})`,
          met: enough && bytesEach <= mostBytes,
        },
      ],
    };
  },
};

/** The soft limit, which Node raises to the hard one when it starts; children have the same. */
function openFilesAllowed(): number {
  const [, text = ""] =
    /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  return text === "unlimited" ? Infinity : Number(text);
}

/** Each from one of many addresses: one has no more than some 28,000 ports. */
async function open(port: number, number: number): Promise<Socket> {
  const localAddress = `127.0.${1 + Math.floor(number / 200)}.${1 + (number % 200)}`;
  const socket = connect({ host: "127.0.0.1", port, localAddress });
  const replies = createReplyReader(socket);
  await replies.expect("2");
  socket.write("EHLO idle.test\r\n");
  await replies.expect("2");
  return socket;
}
