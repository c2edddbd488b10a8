/** A relay whose database goes away and comes back: what its clients hear, and that all goes on by itself. */
import { expect, it } from "vitest";
import { createSystemClock } from "../../src/ports/system-ports.ts";
import { connectRawHttp, rawRequest } from "../../src/testing/raw-http-client.ts";
import { startRecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { startTemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector, smartHostConnector } from "../../src/testing/test-settings.ts";
import type { TestPostgres } from "../lab/postgres.ts";

/** Clients hear of it when it is over: long enough for a busy machine, and not to be waited for long. */
const leaseMs = 2_000;
const hello = ["EHLO app.test", "MAIL FROM:<app@a.test>", "RCPT TO:<user@b.test>", "DATA"];

export function describePostgresAway(connected: () => { readonly server: TestPostgres }): void {
  it.each([
    [3 * 86_400_000, "4320 minutes ahead of"],
    [-3_600_000, "60 minutes behind"],
  ])("no node starts whose clock is %i ms ahead, for mail is given up on by it", async (aheadMs, told) => {
    const clock = createSystemClock();
    const cluster = {
      node: "ahead",
      database: await connected().server.withSchema("ahead"),
      leaseMs,
      drainDelayMs: 0,
      forgetAfterMs: 604_800_000,
    };
    const ports = { clock: { ...clock, now: () => clock.now() + aheadMs } };
    await expect(startTemporaryRelay({ cluster, ports })).rejects.toThrow(
      `the clock of this node is ${told} the database's`,
    );
  });

  it("says so to whoever is there and whoever comes, and goes on by itself when it is back", async () => {
    const { server } = connected();
    const sink = await startRecordingSink();
    const relay = await startTemporaryRelay({
      cluster: {
        node: "a",
        database: await server.withSchema("away"),
        leaseMs,
        drainDelayMs: 0,
        forgetAfterMs: 604_800_000,
      },
      receiveConnectors: [
        receiveConnector({ httpBindings: [{ address: "127.0.0.1", port: 0 }], messageRateLimit: 1_000 }),
      ],
      sendConnectors: [smartHostConnector(sink.port)],
    });
    const { port } = relay;
    const client = () => connectScriptedClient({ port });
    const request = async () => {
      const http = await connectRawHttp(relay.httpPortOf(relay.settings.receiveConnectors[0]?.name ?? ""));
      const email = { from: "app@a.test", to: "user@b.test", subject: "Hello", text: "Hi" };
      http.send(rawRequest("/v1/emails", JSON.stringify(email)));
      return http.answer().finally(() => http.close());
    };
    const [idle, writing] = await Promise.all([client(), client()]);
    for (const one of [idle, writing]) await one.expect(220);
    for (const [at, line] of hello.entries()) {
      writing.send(`${line}\r\n`);
      await writing.expect(at === 3 ? 354 : 250);
    }
    writing.send("Subject: half\r\n\r\nof it\r\n");

    await server.kill();
    const [toIdle, toWriting, atDoor, byHttp] = await Promise.all([
      idle.reply(),
      writing.reply(),
      client().then((one) => one.reply()),
      request(),
    ]);
    for (const { last } of [toIdle, toWriting, atDoor]) expect(last).toMatch(/^421 4\.3\.2 .*database/);
    expect(byHttp).toMatchObject({ status: 503, json: { name: "service_unavailable" } });
    expect(Number(byHttp.headers["retry-after"])).toBeGreaterThan(0);
    expect(await relay.relay.readiness()).toMatchObject({
      ready: false,
      reasons: [expect.stringContaining("database away")],
    });

    await server.start();
    await expect.poll(async () => (await request()).status).toBe(202);
    const again = await client();
    await again.expect(220);
    for (const [at, line] of hello.entries()) {
      again.send(`${line}\r\n`);
      await again.expect(at === 3 ? 354 : 250);
    }
    again.send("Subject: whole\r\n\r\nHello\r\n.\r\n");
    await again.expect(250);
    await sink.waitFor(2);
    again.close();
    expect(relay.events.filter(({ name }) => name === "RelayFault")).toEqual([]);
    await relay.stop();
    await sink.close();
  });
}
