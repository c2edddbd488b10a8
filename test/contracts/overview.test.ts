/** The overview as the console sees it, of a real relay. */
import { writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { operations } from "../../src/admin/contract.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";

const text = `receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:0"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    maxInboundConnectionPerSource: 2
    tarpitInterval: 0s
applications:
  - name: SCOM
    addresses: ["127.0.0.1"]
`;

let it: AdministeredRelay;
const sockets: Socket[] = [];
beforeEach(async () => {
  it = await startAdministeredRelay(text);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await it.stop();
});

function greeting(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(it.relay.listeners()[0]?.port ?? 0, "127.0.0.1");
    sockets.push(socket);
    socket.setEncoding("latin1").once("data", (line: string) => resolve(line));
    socket.once("error", reject);
  });
}

test("all is well until a source is refused; then the sentence names it and what would help", async () => {
  const calm = await it.client.call("getOverview", {});
  expect(operations.getOverview.output.parse(calm)).toEqual(calm);
  expect(calm.headlines).toMatchObject([
    { severity: "information", text: expect.stringMatching(/^All is well: 0 connections/) as string },
  ]);

  for (let at = 0; at < 5; at++) await greeting();
  const refused = await it.client.call("getOverview", {});
  expect(operations.getOverview.output.parse(refused)).toEqual(refused);
  expect(refused.headlines).toHaveLength(1);
  expect(refused.headlines[0]).toMatchObject({
    severity: "warning",
    text: "127.0.0.1 (SCOM) is being refused by AppRelay: 2 connections per source. 3 times in the last 10 minutes.",
    connector: "AppRelay",
    source: "127.0.0.1",
    application: "SCOM",
    setting: "maxInboundConnectionPerSource",
    count: 3,
    fix: { setting: "maxInboundConnectionPerSource" },
  });
});

test("a rejected file, a suspended queue and message, raised logging: nothing of it is well", async () => {
  const texts = async () =>
    (await it.client.call("getOverview", { points: false })).headlines.map((one) => one.text);
  await writeFile(it.file, `${await it.text()}nonsense: true\n`);
  await expect
    .poll(texts)
    .toContainEqual(expect.stringMatching(/weir\.yaml:\d+:1 nonsense: unknown setting/));
  // The same text as before is nothing to apply, and yet ends it.
  await writeFile(it.file, `hostname: relay.test\ndataDirectory: data\n${text}`);
  await expect.poll(texts).toEqual([expect.stringMatching(/^All is well/)]);
  await it.client.call("setEventLevel", { category: "SmtpReceive", level: "Expert" });
  await it.client.call("suspendQueue", { identity: "Submission" });
  expect(await texts()).toEqual([
    expect.stringMatching(/^Queue Submission is suspended/),
    expect.stringMatching(/^Diagnostic logging is raised: SmtpReceive is Expert/),
  ]);
});

test("the stream brings a point each second", async () => {
  await greeting();
  for await (const point of it.client.stream("followOverview", {})) {
    expect(operations.followOverview.output.parse(point)).toEqual(point);
    expect(point.connections).toBe(1);
    break;
  }
});
