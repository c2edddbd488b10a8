/** Waiting instead of refusing (limitAction), delayed acknowledgement, the true source behind a load balancer. */
import { afterEach, describe, expect, test } from "vitest";
import type { ReceiveConnectorSettings } from "../../src/core/policy/receive-connector.ts";
import { ipRange } from "../../src/core/units/ip-range.ts";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { type ScriptedClient, connectScriptedClient } from "../../src/testing/scripted-client.ts";
import {
  type TemporaryRelay,
  type TemporaryRelaySettings,
  startTemporaryRelay,
} from "../../src/testing/temporary-relay.ts";
import { receiveConnector, smartHostConnector } from "../../src/testing/test-settings.ts";

let relay: TemporaryRelay;
let sink: RecordingSink | undefined;
const clients: ScriptedClient[] = [];

async function start(
  connector: Partial<ReceiveConnectorSettings>,
  more: TemporaryRelaySettings = {},
): Promise<void> {
  relay = await startTemporaryRelay({ ...more, receiveConnectors: [receiveConnector(connector)] });
}
async function connect(): Promise<ScriptedClient> {
  const client = await connectScriptedClient({ port: relay.port });
  clients.push(client);
  return client;
}
/** Other values for the receive connector, live. */
async function change(connector: Partial<ReceiveConnectorSettings>): Promise<void> {
  const { settings } = relay;
  const receiveConnectors = settings.receiveConnectors.map((before) => ({ ...before, ...connector }));
  await relay.relay.reconfigure({ ...settings, receiveConnectors });
}
const told = (id: number) =>
  relay.events.filter(({ definition }) => definition.id === id).map(({ fields }) => fields);

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await relay.stop();
  await sink?.close();
  sink = undefined;
});

describe("limitAction delay", () => {
  test("a connection over the limit waits for a place, and is told of as waiting", async () => {
    await start({ maxInboundConnectionPerSource: 1, limitAction: "delay", limitDelay: 20_000 });
    const first = await connect();
    await first.expect(220);
    const second = await connect();
    await expect.poll(() => told(20023).length).toBe(1);
    expect(second.silent()).toBe(true);
    expect(told(20023)[0]).toMatchObject({
      connector: "AppRelay",
      setting: "maxInboundConnectionPerSource",
      limit: 1,
    });
    await first.command("QUIT");
    await second.expect(220);
    expect(told(1021)).toEqual([]);
  });

  test("who waited long enough is refused as without it", async () => {
    await start({ maxInboundConnectionPerSource: 1, limitAction: "delay", limitDelay: 50 });
    await (await connect()).expect(220);
    expect((await (await connect()).reply()).last).toMatch(/^421 4\.3\.2 .*per-source limit/);
    expect(told(1021)).toHaveLength(1);
  });

  test.each([
    ["an end of its input", (client: ScriptedClient) => client.end()],
    ["a reset", (client: ScriptedClient) => client.close()],
  ])("who leaves by %s while it waits takes no place", async (_how, leave) => {
    await start({ maxInboundConnectionPerSource: 1, limitAction: "delay", limitDelay: 600_000 });
    const first = await connect();
    await first.expect(220);
    const gone = await connect();
    const third = await connect();
    await expect.poll(() => relay.relay.waiting("AppRelay")).toBe(2);
    leave(gone);
    await expect.poll(() => relay.relay.waiting("AppRelay")).toBe(1);
    await first.command("QUIT");
    await third.expect(220);
  });

  test("who has sent its commands already and ends its input is told why", async () => {
    await start({ maxInboundConnectionPerSource: 1, limitAction: "delay", limitDelay: 600_000 });
    await (await connect()).expect(220);
    const script = await connect();
    script.send("EHLO app.example\r\nQUIT\r\n");
    script.end();
    expect((await script.reply()).last).toMatch(/^421 4\.3\.2 .*per-source limit/);
  });

  test("what a client says while it waits is answered behind the greeting", async () => {
    await start({ maxInboundConnectionPerSource: 1, limitAction: "delay", limitDelay: 600_000 });
    const first = await connect();
    await first.expect(220);
    const eager = await connect();
    eager.send("EHLO app.example\r\n");
    await expect.poll(() => relay.relay.waiting("AppRelay")).toBe(1);
    await first.command("QUIT");
    await eager.expect(220);
    await eager.expect(250);
  });

  test("a raised limit lets in who was first, and a disabled connector nobody", async () => {
    const limited = { maxInboundConnectionPerSource: 1, limitAction: "delay", limitDelay: 600_000 } as const;
    await start(limited);
    await (await connect()).expect(220);
    const second = await connect();
    const third = await connect();
    await expect.poll(() => relay.relay.waiting("AppRelay")).toBe(2);
    await change({ ...limited, maxInboundConnectionPerSource: 2 });
    await second.expect(220);
    expect(third.silent()).toBe(true);
    expect(relay.relay.waiting("AppRelay")).toBe(1);
    await change({ ...limited, enabled: false });
    expect((await third.reply()).last).toMatch(/^421 4\.3\.2 Service not available/);
  });

  test("a connector that refuses from now on refuses who waits", async () => {
    const limited = { maxInboundConnectionPerSource: 1, limitDelay: 600_000 } as const;
    await start({ ...limited, limitAction: "delay" });
    await (await connect()).expect(220);
    const second = await connect();
    await expect.poll(() => relay.relay.waiting("AppRelay")).toBe(1);
    await change({ limitAction: "refuse" });
    expect((await second.reply()).last).toMatch(/^421 4\.3\.2 .*per-source limit/);
    expect(told(1021)).toHaveLength(1);
  });

  describe("at MAIL", () => {
    const limited = { messageRateLimit: 1, limitAction: "delay", limitDelay: 600_000 } as const;
    const waitAtMail = async (): Promise<ScriptedClient> => {
      const client = await connect();
      await client.expect(220);
      await client.command("EHLO app.example");
      expect((await client.command("MAIL FROM:<a@b.example>")).code).toBe(250);
      await client.command("RSET");
      client.send("MAIL FROM:<a@b.example>\r\n");
      await expect.poll(() => told(20024).length).toBe(1);
      return client;
    };

    test("a raised rate is looked at by who waits", async () => {
      await start(limited);
      const client = await waitAtMail();
      await change({ ...limited, messageRateLimit: 2 });
      await client.expect(250);
      expect(told(1031)).toEqual([]);
    });

    test.each([
      ["an end of its input", (client: ScriptedClient) => client.end()],
      ["a reset", (client: ScriptedClient) => client.close()],
    ])("who leaves by %s gives its place back at once and spends nothing", async (_how, leave) => {
      await start(limited);
      const client = await waitAtMail();
      leave(client);
      await expect.poll(() => relay.relay.sessions).toBe(0);
      expect(told(1031)).toEqual([]);
    });
  });

  test("a message over the rate waits at MAIL, then goes on or is refused", async () => {
    await start({ messageRateLimit: 1, limitAction: "delay", limitDelay: 1_000 });
    const client = await connect();
    await client.expect(220);
    await client.command("EHLO app.example");
    expect((await client.command("MAIL FROM:<a@b.example>")).code).toBe(250);
    await client.command("RSET");
    client.send("MAIL FROM:<a@b.example>\r\n");
    await expect.poll(() => told(20024).length).toBe(1);
    expect((await client.reply()).last).toMatch(/^421 4\.4\.2 Message submission rate/);
    expect(told(1031)).toHaveLength(1);
  });
});

describe("explainRefusals", () => {
  test("the reply names connector, limit, value, source, event and a reference that the event has too", async () => {
    await start({ maxInboundConnectionPerSource: 1, explainRefusals: true });
    await (await connect()).expect(220);
    const { last } = await (await connect()).reply();
    const match =
      /^421 4\.3\.2 The maximum number of concurrent server connections has exceeded a per-source limit, closing transmission channel \(AppRelay: maxInboundConnectionPerSource 1, source 127\.0\.0\.1, event 1021, ref (\w+)\)$/.exec(
        last,
      );
    expect(match, last).not.toBeNull();
    expect(told(1021)).toMatchObject([{ reference: match?.[1], seen: 1, limit: 1 }]);
  });
});

test("200 connections at once against a limit of 20 admit exactly 20", async () => {
  await start({ maxInboundConnectionPerSource: 20 });
  const greetings = await Promise.all(
    Array.from({ length: 200 }, async () => (await (await connect()).reply()).last.slice(0, 3)),
  );
  expect(greetings.filter((code) => code === "220")).toHaveLength(20);
  expect(greetings.filter((code) => code === "421")).toHaveLength(180);
  expect(relay.relay.sessions).toBe(20);
});

describe("maxAcknowledgementDelay", () => {
  const send = async (): Promise<ScriptedClient> => {
    const client = await connect();
    await client.expect(220);
    await client.command("EHLO app.example");
    await client.command("MAIL FROM:<a@b.example>");
    await client.command("RCPT TO:<c@d.example>");
    client.send("DATA\r\n");
    await client.expect(354);
    client.send("Subject: x\r\n\r\nbody\r\n.\r\n");
    return client;
  };

  test("the 250 comes when the next hop has taken the message, not before", async () => {
    let arrived = false;
    sink = await startRecordingSink({
      behave({ at }) {
        if (at !== "stored") return undefined;
        arrived = true;
        return { delayMs: 300 };
      },
    });
    await start({ maxAcknowledgementDelay: 60_000 }, { sendConnectors: [smartHostConnector(sink.port)] });
    const client = await send();
    await expect.poll(() => arrived).toBe(true);
    expect(client.silent()).toBe(true);
    await client.expect("250 2.6.0");
    expect(sink.messages).toHaveLength(1);
  });

  test("or when the delay is over", async () => {
    await start({ maxAcknowledgementDelay: 100 }, { sendConnectors: [smartHostConnector(1)] });
    await (await send()).expect("250 2.6.0");
    expect(relay.relay.queues().reduce((sum, { messages }) => sum + messages, 0)).toBe(1);
  });
});

describe("proxyProtocolFrom", () => {
  const balanced = { proxyProtocolFrom: [ipRange("127.0.0.1")] };

  test("the true source chooses the connector and is what limits count", async () => {
    await start(
      { remoteIpRanges: [ipRange("192.0.2.7")], maxInboundConnectionPerSource: 1, explainRefusals: true },
      balanced,
    );
    const first = await connect();
    first.send("PROXY TCP4 192.0.2.7 127.0.0.1 4000 25\r\nEHLO app.example\r\n");
    await first.expect(220);
    expect((await first.expect(250)).lines[0]).toContain("Hello [192.0.2.7]");
    const second = await connect();
    second.send("PROXY TCP4 192.0.2.7 127.0.0.1 4001 25\r\n");
    expect((await second.reply()).last).toContain("source 192.0.2.7");
    const other = await connect();
    other.send("PROXY TCP4 192.0.2.8 127.0.0.1 4002 25\r\n");
    expect((await other.reply()).last).toMatch(/^421 4\.3\.2 Service not available/);
  });

  test("version 2, and the header alone in its packet", async () => {
    await start({ remoteIpRanges: [ipRange("2001:db8::7")] }, balanced);
    const client = await connect();
    client.send(
      Buffer.from(
        "0d0a0d0a000d0a515549540a2121002420010db800000000000000000000000720010db8000000000000000000000001dc040019",
        "hex",
      ),
    );
    await client.expect(220);
    expect((await client.command("EHLO app.example")).lines[0]).toContain("Hello [2001:db8::7]");
  });

  test("a connection of the balancer without a header is closed, and told of", async () => {
    await start({}, balanced);
    const client = await connect();
    client.send("EHLO app.example\r\n");
    expect((await client.closed()).length).toBe(0);
    expect(told(20025)).toMatchObject([{ source: "127.0.0.1" }]);
  });

  test.each([
    ["an end", (client: ScriptedClient) => client.end()],
    ["a reset", (client: ScriptedClient) => client.close()],
  ])("a check of the port by %s without a word is quiet and over at once", async (_how, leave) => {
    await start({}, balanced);
    const client = await connect();
    leave(client);
    await client.closed();
    expect(told(20025)).toEqual([]);
    expect(relay.relay.sessions).toBe(0);
  });

  test.each([
    ["LOCAL", Buffer.from("0d0a0d0a000d0a515549540a20000000", "hex")],
    ["UNKNOWN", Buffer.from("PROXY UNKNOWN\r\n")],
  ])(
    "a balancer that speaks for itself (%s) from no connector's range is greeted, and takes no place",
    async (_name, header) => {
      await start({ remoteIpRanges: [ipRange("192.0.2.7")], maxInboundConnection: 1 }, balanced);
      for (let i = 0; i < 2; i++) {
        const client = await connect();
        client.send(header);
        await client.expect(220);
        await client.command("EHLO balancer.example");
        expect((await client.command("MAIL FROM:<a@b.example>")).code).toBe(530);
      }
      expect(told(20014)).toEqual([]);
      const client = await connect();
      client.send("PROXY TCP4 192.0.2.7 127.0.0.1 4000 25\r\n");
      await client.expect(220);
      await client.command("QUIT");
    },
  );

  test("a header from anybody else is no command", async () => {
    await start({});
    const client = await connect();
    await client.expect(220);
    client.send("PROXY TCP4 192.0.2.7 127.0.0.1 4000 25\r\n");
    await client.expect(500);
  });
});
