/** `npm run bench`: the same load through Weir and its peers in turn, as medians and ratios. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort } from "../src/testing/free-port.ts";
import { type Load, type Reading, measure, measureTools, tools } from "./load.ts";
import type { Peer, PeerKind } from "./peers/peer.ts";
import { postfix } from "./peers/postfix.ts";
import { weir } from "./peers/weir.ts";

const help = `Usage: npm run bench -- [options]

Drives smtp-source → server → smtp-sink (Debian's package postfix) for each peer in turn, A B A B, with the durable queue
on, and prints medians and ratios. Compare within one run only: absolute numbers are the machine's.

  --peers LIST       of weir, postfix            (default: weir,postfix)
  --loads LIST       of reuse, connect           (default: reuse,connect)
  --messages N       for each reading            (default: 5000)
  --size BYTES       of each message             (default: 4096)
  --sessions N       at once                     (default: 20)
  --rounds N         readings of each peer       (default: 3)
  --smoke            one small round of Weir alone, for correctness
  --help             this text`;

const { values } = parseArgs({
  options: {
    peers: { type: "string", default: "weir,postfix" },
    loads: { type: "string", default: "reuse,connect" },
    messages: { type: "string", default: "5000" },
    size: { type: "string", default: "4096" },
    sessions: { type: "string", default: "20" },
    rounds: { type: "string", default: "3" },
    smoke: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const kinds: Readonly<Record<string, PeerKind>> = { weir, postfix };

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

const column = (text: string | number, width: number): string =>
  (typeof text === "number" ? Math.round(text).toString() : text).padStart(width);

function print(load: Load, toolsPerSecond: number, readings: ReadonlyMap<string, readonly Reading[]>): void {
  const connections = load.reuse ? "connections reused" : "a connection per message";
  console.log(
    `\n${load.messages} messages of ${load.sizeBytes} octets, ${load.sessions} sessions, ${connections}`,
  );
  console.log(`tools back to back: ${Math.round(toolsPerSecond)} messages/s`);
  console.log(
    `${"peer".padEnd(10)}${column("accepted/s", 12)}${column("end to end/s", 14)}${column("spread", 14)}${column("CPU µs/msg", 12)}${column("of tools", 10)}`,
  );
  const ends = new Map<string, number>();
  for (const [name, all] of readings) {
    const endToEnd = all.map(({ endToEndPerSecond }) => endToEndPerSecond);
    ends.set(name, median(endToEnd));
    const spread = `${Math.round(Math.min(...endToEnd))}–${Math.round(Math.max(...endToEnd))}`;
    const share = `${Math.round((100 * median(endToEnd)) / toolsPerSecond)} %`;
    console.log(
      `${name.padEnd(10)}${column(median(all.map(({ acceptedPerSecond }) => acceptedPerSecond)), 12)}${column(median(endToEnd), 14)}${column(spread, 14)}${column(median(all.map(({ cpuMicrosPerMessage }) => cpuMicrosPerMessage)), 12)}${column(share, 10)}`,
    );
  }
  const own = ends.get("weir");
  for (const [name, other] of ends) {
    if (own !== undefined && name !== "weir")
      console.log(`weir / ${name}: ${(own / other).toFixed(1)} end to end`);
  }
}

async function main(): Promise<void> {
  if (values.help) return console.log(help);
  for (const tool of tools) {
    if (!existsSync(tool)) throw new Error(`${tool} is missing: install Debian's package postfix`);
  }
  const names = values.smoke ? ["weir"] : values.peers.split(",");
  const chosen = names.map((name) => kinds[name] ?? fail(`there is no peer ${name}`));
  for (const kind of chosen) {
    const missing = kind.missing();
    if (missing !== undefined) throw new Error(`${kind.name} needs ${missing}`);
  }
  const rounds = values.smoke ? 1 : Number(values.rounds);
  const messages = values.smoke ? 200 : Number(values.messages);
  const sinkPort = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "weir-bench-"));
  const peers: Peer[] = [];
  try {
    for (const kind of chosen) {
      const directory = join(folder, kind.name);
      mkdirSync(directory);
      peers.push(await kind.start({ directory, sinkPort }));
    }
    console.log(`${peers.map(({ version }) => version).join("; ")}; ${cpus().length} cores`);
    for (const name of values.loads.split(",")) {
      const load: Load = {
        messages,
        sizeBytes: Number(values.size),
        sessions: Number(values.sessions),
        reuse: name === "reuse",
      };
      const readings = new Map<string, Reading[]>(peers.map(({ name: peer }) => [peer, []]));
      const ceiling = await measureTools(sinkPort, load);
      for (const peer of peers) await measure(peer, sinkPort, { ...load, messages: Math.ceil(messages / 5) });
      for (let round = 0; round < rounds; round++) {
        for (const peer of peers) readings.get(peer.name)?.push(await measure(peer, sinkPort, load));
      }
      print(load, ceiling, readings);
    }
  } finally {
    await Promise.allSettled(peers.map((peer) => peer.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

function fail(message: string): never {
  throw new Error(message);
}

await main().catch((error: unknown) => {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
