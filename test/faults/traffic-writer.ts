/** Records connections without an end, and says how many are written: `node traffic-writer.js DATA-DIRECTORY`. */
import { createSystemClock } from "../../src/ports/system-ports.ts";
import { openTrafficRecord } from "../../src/traffic/traffic-record.ts";

const [, , dataDirectory = ""] = process.argv;
const record = openTrafficRecord({
  dataDirectory,
  clock: createSystemClock(),
  settings: {
    trafficRecordEnabled: true,
    trafficRecordMaxAge: Infinity,
    trafficRecordMaxDirectorySize: Infinity,
  },
  room: { segment: 4096, file: 64 * 1024, waiting: 1024 * 1024 },
});

for (let count = 1; ; count++) {
  const address = `10.0.${count % 7}.1`;
  const connection = record.admitted({ connector: "In", source: address, address, door: "SMTP" });
  record.message(connection);
  record.kept(connection, 1, count);
  if (count % 3 > 0) record.left(connection);
  if (count % 50 > 0) continue;
  await record.flush();
  process.stdout.write(`${count}\n`);
}
