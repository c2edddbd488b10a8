/** What arrives is what was sent, octet for octet behind the trace header, whatever the framing in and out. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type RecordedMessage,
  type RecordingSink,
  startRecordingSink,
} from "../../src/testing/recording-sink.ts";
import { type TemporaryRelay, startTemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector, smartHostConnector } from "../../src/testing/test-settings.ts";
import { type Sample, keptAs, largest, plain, samples, utf8 } from "./mail-samples.ts";
import { type Outgoing, sendMessage } from "./send-message.ts";
import { firstDifference, splitTrace } from "./trace.ts";

const withoutChunking = ["PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "SIZE"];
const sinks: Record<string, RecordingSink> = {};
let relay: TemporaryRelay;
let number = 0;

beforeAll(async () => {
  sinks["BDAT"] = await startRecordingSink();
  sinks["DATA"] = await startRecordingSink({ extensions: withoutChunking });
  sinks["bare"] = await startRecordingSink({ extensions: [] });
  relay = await startTemporaryRelay({
    receiveConnectors: [receiveConnector({ connectionTimeout: 600_000 })],
    sendConnectors: Object.entries(sinks).map(([name, sink]) =>
      smartHostConnector(sink.port, {
        name,
        maxRecipientsPerTransaction: 500,
        addressSpaces: [{ domain: `${name.toLowerCase()}.example`, subdomains: false, cost: 1 }],
      }),
    ),
  });
});
afterAll(async () => {
  await relay.stop();
  for (const sink of Object.values(sinks)) await sink.close();
});

/** Sends to a recipient behind the sink `out` and gives the message that arrived. */
async function through(out: string, message: Omit<Outgoing, "port">): Promise<RecordedMessage> {
  const from = `n${++number}@app.example`;
  const to = message.to ?? [`someone@${out.toLowerCase()}.example`];
  expect(await sendMessage({ ...message, port: relay.port, from, to })).toMatch(/^250 2\.6\.0 /);
  const sink = sinks[out];
  if (sink === undefined) throw new Error(`no sink ${out}`);
  const mine = (): RecordedMessage | undefined =>
    sink.messages.find(({ reversePath }) => reversePath === from);
  await sink.until(() => mine() !== undefined);
  const arrived = mine();
  if (arrived === undefined) throw new Error("not arrived");
  return arrived;
}

function expectContent(arrived: RecordedMessage, sent: Buffer): void {
  expect(firstDifference(splitTrace(arrived.content).rest, sent)).toBeUndefined();
}

describe.each(["DATA", "BDAT"] as const)("in by %s", (by) => {
  describe.each(["DATA", "BDAT"] as const)("out by %s", (out) => {
    test.each(samples.map((sample): [string, Sample] => [sample.name, sample]))("%s", async (_, sample) => {
      const { content } = sample;
      const eightBit = content.some((octet) => octet > 127);
      const arrived = await through(out, { content, by, mailParameters: eightBit ? " BODY=8BITMIME" : "" });
      expect(arrived.framing).toBe(out);
      expectContent(arrived, keptAs(sample));
      if (eightBit) expect(arrived.parameters).toContain("BODY=8BITMIME");
    });
  });
});

test.each([
  ["DATA", "BDAT"],
  ["BDAT", "DATA"],
] as const)("36 MB in by %s, out by %s", async (by, out) => {
  const content = largest();
  const arrived = await through(out, { content, by, chunkBytes: 5_000_000 });
  expectContent(arrived, content);
});

test("500 recipients travel in one transaction", async () => {
  const to = Array.from({ length: 500 }, (_, i) => `r${i}@bdat.example`);
  const arrived = await through("BDAT", { content: plain.content, to });
  expect(arrived.recipients.map(({ path }) => path)).toEqual(to);
  expectContent(arrived, plain.content);
});

test("recipients behind two next hops get the same octets", async () => {
  const from = `n${++number}@app.example`;
  await sendMessage({
    port: relay.port,
    content: utf8.content,
    from,
    to: ["a@bdat.example", "b@data.example"],
    mailParameters: " BODY=8BITMIME",
  });
  for (const [name, path] of [
    ["BDAT", "a@bdat.example"],
    ["DATA", "b@data.example"],
  ] as const) {
    const sink = sinks[name];
    await sink?.until(() => sink.messages.some((message) => message.reversePath === from));
    const arrived = sink?.messages.filter((message) => message.reversePath === from) ?? [];
    expect(arrived).toHaveLength(1);
    expect(arrived[0]?.recipients.map((recipient) => recipient.path)).toEqual([path]);
    expectContent(arrived[0] as RecordedMessage, utf8.content);
  }
});

test("BDAT content without a last line end keeps it out by BDAT, gets one by DATA", async () => {
  const content = Buffer.from("Subject: x\r\n\r\nno end");
  expectContent(await through("BDAT", { content, by: "BDAT" }), content);
  expectContent(
    await through("DATA", { content, by: "BDAT" }),
    Buffer.concat([content, Buffer.from("\r\n")]),
  );
});

test("BDAT in chunks of one octet", async () => {
  const content = Buffer.from("Subject: x\r\n\r\n.\r\n.\r\n");
  expectContent(await through("DATA", { content, by: "BDAT", chunkBytes: 1 }), content);
});

test("bare line feeds become CRLF, and a look-alike stays content", async () => {
  const content = Buffer.from("Subject: x\n\nline\n.\nline\r.\rline\r\n");
  const wanted = Buffer.from("Subject: x\r\n\r\nline\r\n.\r\nline\r\n.\r\nline\r\n");
  expectContent(await through("BDAT", { content, by: "BDAT" }), wanted);
  expectContent(await through("DATA", { content, by: "BDAT" }), wanted);
});

test("a next hop that offers nothing at all gets plain mail", async () => {
  const arrived = await through("bare", { content: plain.content });
  expect(arrived.parameters).toEqual([]);
  expectContent(arrived, plain.content);
});

test("the trace header tells where the message came from", async () => {
  const arrived = await through("BDAT", { content: plain.content });
  const { received } = splitTrace(arrived.content);
  expect(received).toMatch(/^Received: from client\.example \(.*\[127\.0\.0\.1\].*\)/);
  expect(received).toMatch(/\bby relay\.test\b/);
  expect(received).toMatch(/\bwith ESMTP\b/);
  expect(received).toMatch(/\bid [^\s;]+/);
  expect(received).toMatch(/for <someone@bdat\.example>/);
  expect(received).toMatch(/;\s+\w{3}, \d{1,2} \w{3} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}/);
  for (const line of received.split("\r\n")) expect(line.length).toBeLessThanOrEqual(998);
});

test("several recipients are not told of each other by the trace header", async () => {
  const arrived = await through("BDAT", {
    content: plain.content,
    to: ["a@bdat.example", "secret@bdat.example"],
  });
  expect(splitTrace(arrived.content).received).not.toContain("secret");
});

test("DSN parameters travel on", async () => {
  const arrived = await through("BDAT", {
    content: plain.content,
    mailParameters: " RET=HDRS ENVID=QQ+2B1",
    rcptParameters: " NOTIFY=SUCCESS,DELAY ORCPT=rfc822;orig+2Bx@dest.example",
  });
  expect(arrived.parameters).toEqual(expect.arrayContaining(["RET=HDRS", "ENVID=QQ+2B1"]));
  expect(arrived.recipients[0]?.parameters).toEqual(
    expect.arrayContaining(["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;orig+2Bx@dest.example"]),
  );
});

test("internationalised addresses travel on with SMTPUTF8", async () => {
  const from = `jürgen${++number}@app.example`;
  await sendMessage({
    port: relay.port,
    content: utf8.content,
    from,
    to: ["用户@bdat.example"],
    mailParameters: " SMTPUTF8 BODY=8BITMIME",
  });
  const sink = sinks["BDAT"] as RecordingSink;
  await sink.until(() => sink.messages.some((message) => message.reversePath === from));
  const arrived = sink.messages.find((message) => message.reversePath === from) as RecordedMessage;
  expect(arrived.parameters).toContain("SMTPUTF8");
  expect(arrived.recipients[0]?.path).toBe("用户@bdat.example");
  expectContent(arrived, utf8.content);
});

test("nothing is left behind", async () => {
  await expect.poll(() => relay.relay.queues().reduce((sum, queue) => sum + queue.messages, 0)).toBe(0);
});
