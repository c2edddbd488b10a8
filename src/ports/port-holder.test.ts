import { createServer } from "node:net";
import { expect, test } from "vitest";
import { listeningInodes, portHolder } from "./port-holder.ts";

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F59 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F59 0100007F:D2A0 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 20 4 30 10 -1
   2: 00000000:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 4713 1 0000000000000000 100 0 0 10 0
`;

test.each([
  [8025, ["4711"]],
  [25, ["4713"]],
  [2525, []],
])("port %i is listened on by %j", (port, inodes) => {
  expect(listeningInodes(table, port)).toEqual(inodes);
});

test.runIf(process.platform === "linux")("this very process is found", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  expect(await portHolder(port)).toMatch(new RegExp(`, process ${process.pid}$`));
  await new Promise((resolve) => server.close(resolve));
  expect(await portHolder(port)).toBeUndefined();
});

test("a system without /proc tells nothing", async () => {
  expect(await portHolder(25, "/nowhere")).toBeUndefined();
});
