/** Test-ReceiveConnector as an administrator types it, on what a relay really took before. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Output } from "../../src/admin/contract.ts";
import { main } from "../../src/cli/main.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { connectRawHttp, rawRequest } from "../../src/testing/raw-http-client.ts";
import { recordingOutput } from "../../src/testing/recording-output.ts";
import { connectScriptedClient, type ScriptedClient } from "../../src/testing/scripted-client.ts";

let relay: AdministeredRelay;
let port: number;
let httpPort: number;
const message = "MAIL FROM:<a@s.test>\r\nRCPT TO:<b@d.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n";

/** Four connections at once, a message each; the fifth is refused. */
beforeAll(async () => {
  [port, httpPort] = [await freePort(), await freePort()];
  relay = await startAdministeredRelay(`receiveConnectors:
  - name: AppRelay
    bindings: ["127.0.0.1:${port}"]
    httpBindings: ["127.0.0.1:${httpPort}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    maxInboundConnectionPerSource: 4
sendConnectors:
  - name: Drop
    addressSpaces: ["*"]
    dropDirectory: drop
applications:
  - name: ERP
    addresses: ["127.0.0.1"]
`);
  const clients: ScriptedClient[] = [];
  for (let n = 0; n < 4; n++) {
    const client = await connectScriptedClient({ port });
    await client.expect(220);
    clients.push(client);
  }
  const fifth = await connectScriptedClient({ port });
  await fifth.expect(421);
  for (const client of clients) {
    await client.command("EHLO erp.test");
    client.send(message);
    for (const code of [250, 250, 250, 354]) await client.expect(code);
    client.send("Subject: x\r\n\r\nhello\r\n.\r\n");
    await client.expect(250);
    await client.command("QUIT");
  }
});
afterAll(() => relay.stop());

async function weir(...words: string[]) {
  const output = recordingOutput();
  const code = await main([...words, "--config", relay.file], output);
  return { code, out: output.out(), complaints: output.complaints() };
}
const test = async (...words: string[]): Promise<Output<"testReceiveConnector">> => {
  const { out, complaints } = await weir("Test-ReceiveConnector", ...words, "-Json");
  expect(complaints).toBe("");
  return JSON.parse(out) as Output<"testReceiveConnector">;
};

it("tells who would have been refused, by which limit, and what it assumes", async () => {
  const { code, out } = await weir(
    "Test-ReceiveConnector",
    "apprelay",
    "-MaxInboundConnectionPerSource",
    "2",
  );
  expect(code).toBe(0);
  expect(out).toMatch(/^Settings +Refused +LostMessages .* MaxFromSource +MaxMessagesPerMinute/);
  expect(out).toMatch(/\nas it is +1 +0 .* 4 \(127\.0\.0\.1\) +4 \(127\.0\.0\.1\)\n/);
  expect(out).toMatch(/\nMaxInboundConnectionPerSource 2 +3 +2 .* 2 \(127\.0\.0\.1\) +2 \(127\.0\.0\.1\)\n/);
  expect(out).toMatch(
    /\n {2}127\.0\.0\.1 \(ERP\): 3 by MaxInboundConnectionPerSource, 2 messages lost, from \d{4}-/,
  );
  expect(out).toMatch(
    /5 connections, 4 messages of the whole relay\.\nA client that is refused is taken to be gone/,
  );
  expect(out).toContain("1 connections were refused then: nothing is known of what they would have sent");
});

it("shares many values between two threads, in their order", async () => {
  const { variants } = await test("AppRelay", "-MaxInboundConnectionPerSource", "1,2,3,5,6,7,8,9,10");
  expect(variants.map(({ outcome }) => outcome.refused)).toEqual([
    { maxInboundConnectionPerSource: 4 },
    { maxInboundConnectionPerSource: 3 },
    { maxInboundConnectionPerSource: 2 },
    ...Array.from({ length: 6 }, () => ({})),
  ]);
});

it("tries several values in one pass, looser ones too, of clients that come again", async () => {
  const { present, variants, recorded, notes } = await test(
    "AppRelay",
    "-MaxInboundConnectionPerSource",
    "1,4,5",
    "-RefusedClients",
    "again",
    "-RetryAfter",
    "1h",
    "-Tries",
    "2",
  );
  expect(recorded).toMatchObject({
    connections: 5,
    messages: 4,
    refused: { maxInboundConnectionPerSource: 1 },
  });
  expect(present?.refused).toEqual({ maxInboundConnectionPerSource: 1 });
  expect(variants.map(({ changes, outcome }) => [changes[0]?.after ?? "the same", outcome.refused])).toEqual([
    [1, { maxInboundConnectionPerSource: 4 }],
    ["the same", { maxInboundConnectionPerSource: 1 }],
    [5, {}],
  ]);
  expect(variants[2]?.outcome.highestOpenFromSource).toMatchObject({ value: 5, source: "127.0.0.1" });
  // They come in an hour from now, which is not looked at.
  expect(variants[0]?.outcome.lostMessages).toBe(0);
  expect(notes[0]).toBe("A client that is refused is taken to come again 3600 s later, 2 times at most.");
});

it("shows what a connector of its own for a range would do", async () => {
  const { isNew, present, variants } = await test(
    "New",
    "-RemoteIPRanges",
    "127.0.0.1",
    "-MessageRateLimit",
    "3",
  );
  expect([isNew, present]).toEqual([true, null]);
  expect(variants[0]?.outcome).toMatchObject({
    connections: 5,
    refused: { messageRateLimit: 1 },
    highestOpen: { value: 5 },
  });
  const { complaints, code } = await weir("Test-ReceiveConnector", "New", "-MessageRateLimit", "3");
  expect([code, complaints]).toEqual([1, expect.stringContaining("say whom it would serve")]);
});

it("shows whom nobody would serve any more, and says what is wrong with a value", async () => {
  const { variants } = await test("AppRelay", "-RemoteIPRanges", "10.0.0.0/8");
  expect(variants[0]?.outcome).toMatchObject({ connections: 0, notServed: 5 });
  const { code, complaints } = await weir("Test-ReceiveConnector", "AppRelay", "-MessageRateLimit", "many");
  expect([code, complaints]).toEqual([1, expect.stringContaining("many")]);
  expect(await relay.text()).not.toContain("many");
});

it("changes nothing, and begins a file only for what came", async () => {
  expect(await relay.text()).toContain("maxInboundConnectionPerSource: 4");
  expect(await readdir(join(relay.dataDirectory, "traffic"))).toHaveLength(1);
});

it("counts connections by HTTP as the door does", async () => {
  const refusedAt = async (limit: string): Promise<number | undefined> => {
    const { variants } = await test("AppRelay", "-MaxInboundConnectionPerSource", limit);
    return variants[0]?.outcome.refused["maxInboundConnectionPerSource"];
  };
  const before = await refusedAt("2");
  const clients = await Promise.all([1, 2, 3].map(() => connectRawHttp(httpPort)));
  for (const client of clients) {
    client.send(rawRequest("/v1/emails", JSON.stringify({ from: "a@s.test", to: "b@d.test", text: "x" })));
    expect((await client.answer()).status).toBe(202);
  }
  for (const client of clients) client.close();
  expect(await refusedAt("2")).toBe((before ?? 0) + 1);
  const { variants } = await test(
    "New",
    "-RemoteIPRanges",
    "127.0.0.1",
    "-MaxInboundConnectionPerSource",
    "2",
  );
  expect(variants[0]?.outcome.refused).toEqual({ maxInboundConnectionPerSource: (before ?? 0) + 1 });
});
