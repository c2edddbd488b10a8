/**
 * Senders counted from a traffic record, in a process of its own, and the count of another that comes behind it:
 * `node inventory-processes.js write DIRECTORY [TIMES-FASTER]` until it is killed, `… read DIRECTORY` once.
 */
import { createSystemClock } from "../../../../src/ports/system-ports.ts";
import { openSenderInventory } from "../../../../src/inventory/sender-inventory.ts";
import { readTraffic } from "../../../../src/traffic/read-traffic.ts";
import { trafficFamily } from "../../../../src/traffic/traffic-files.ts";
import { openTrafficRecord } from "../../../../src/traffic/traffic-record.ts";

export interface FoundInInventory {
  /** Messages by source, as the record has them, and as the inventory counts them. */
  readonly recorded: Readonly<Record<string, number>>;
  readonly counted: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

const [, , what = "", dataDirectory = "", times = "3000"] = process.argv;
/** The inventory is written every quarter of an hour: here some three times a second, unless it is asked for otherwise. */
const faster = Number(times);
const system = createSystemClock();
const clock = { ...system, after: (ms: number, run: () => void) => system.after(ms / faster, run) };
const faults: string[] = [];

const inventory = openSenderInventory({
  dataDirectory,
  clock,
  events: {
    wants: () => true,
    emit: (name, ...[fields]) => {
      if (name === "LogFault") faults.push(JSON.stringify(fields));
    },
  },
  settings: { applications: [], apiKeys: [] },
});
const record = openTrafficRecord({
  dataDirectory,
  clock,
  settings: {
    trafficRecordEnabled: true,
    trafficRecordMaxAge: Infinity,
    trafficRecordMaxDirectorySize: Infinity,
  },
  onGathered: (octets, begins) => inventory.gathered(octets, begins),
  room: { segment: 4_096, file: 64 * 1024, waiting: 1024 * 1024 },
});
inventory.start(record);
if (what === "read") await read();
else await write();

async function write(): Promise<never> {
  for (let count = 1; ; count++) {
    const address = `10.0.${count % 7}.1`;
    const connection = record.admitted({ connector: "In", source: address, address, door: "SMTP" });
    record.message(connection);
    record.kept(connection, 1, count);
    if (count % 3 > 0) record.left(connection);
    if (count % 50 > 0) continue;
    await record.flush();
    process.stdout.write(`${count}\n`);
    await new Promise((resolve) => void setTimeout(resolve, 2));
  }
}

async function read(): Promise<void> {
  // Nothing of the inventory keeps a process alive.
  const alive = setInterval(() => undefined, 1_000);
  await inventory.settled();
  clearInterval(alive);
  const counted: Record<string, number> = {};
  for (const { senders } of inventory.parties())
    for (const { source, messages } of senders) counted[source] = (counted[source] ?? 0) + messages;
  const recorded: Record<string, number> = {};
  const sources = new Map<number, string>();
  const nothing = (): void => undefined;
  const damaged = await readTraffic(trafficFamily(dataDirectory), 0, {
    began: () => sources.clear(),
    clockSet: nothing,
    connected: (connection, { source }) => void sources.set(connection, source),
    arrived: (_atMs, connection, { source }) => void sources.set(connection, source),
    resumed: nothing,
    left: nothing,
    described: nothing,
    message: nothing,
    messageHeld: nothing,
    kept: (_atMs, connection) => {
      const source = sources.get(connection) ?? "";
      recorded[source] = (recorded[source] ?? 0) + 1;
    },
    refused: nothing,
    lost: nothing,
  });
  const all = [...faults, ...damaged.map(({ file, what: found }) => `${file}: ${found}`)];
  const found: FoundInInventory = { recorded, counted, faults: all };
  process.stdout.write(JSON.stringify(found), () => process.exit(0));
}
