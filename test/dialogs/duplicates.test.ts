/** duplicateWindow: a client that lost its 250 gets it once more, and no second message. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector } from "../../src/testing/test-settings.ts";
import { ipRange } from "../../src/core/units/ip-range.ts";

const windowMs = 60_000;
const settings = {
  // Nothing leaves: what was kept can be counted.
  sendConnectors: [],
  receiveConnectors: [
    receiveConnector({ name: "Window", duplicateWindow: windowMs }),
    receiveConnector({ name: "Other", duplicateWindow: windowMs }),
    receiveConnector({ name: "Off" }),
  ],
  applications: [{ name: "Shop", addresses: [ipRange("127.0.0.8/31")], users: [] }],
};
let relay: TemporaryRelay;
let n = 0;
/** Of this test alone. */
let messageId: string;

beforeAll(async () => {
  relay = await startTemporaryRelay(settings);
});
afterAll(() => relay.stop());
beforeEach(() => {
  messageId = `<${++n}@app.test>`;
});

interface Given {
  readonly connector?: string;
  readonly from?: string;
  readonly to?: readonly string[];
  readonly header?: string;
  readonly body?: string;
  readonly by?: "DATA" | "BDAT" | "HELO";
  readonly localAddress?: string;
}

/** What a client sends, from EHLO to the end of the content. */
function sent({ from = "a@s.test", to = ["b@d.test", "c@d.test"], by = "DATA", ...given }: Given): Buffer {
  const { header = `Message-ID: ${messageId}\r\nSubject: x\r\n`, body = "line\r\n.dot\r\n" } = given;
  const content = `${header}\r\n${body}`;
  const stuffed = content.replaceAll(/^\./gm, "..");
  return Buffer.from(
    [
      by === "HELO" ? "HELO client.test" : "EHLO client.test",
      `MAIL FROM:<${from}>${by === "HELO" ? "" : " BODY=8BITMIME"}`,
      ...to.map((address) => `RCPT TO:<${address}>`),
      by === "BDAT" ? `BDAT ${content.length} LAST\r\n${content}` : `DATA\r\n${stuffed}.\r\n`,
    ].join("\r\n"),
  );
}

/** The reply to the content. */
async function send(given: Given = {}): Promise<string> {
  const { connector = "Window", localAddress } = given;
  const client = await connectScriptedClient({
    port: relay.portOf(connector),
    ...(localAddress === undefined ? {} : { localAddress }),
  });
  try {
    await client.expect("220 ");
    client.send(sent(given));
    for (;;) {
      const { last } = await client.reply();
      if (/^250 2\.6\.0|^[45]/.test(last)) return last;
    }
  } finally {
    client.close();
  }
}
const kept = (): number => relay.relay.queued;

describe("the same again", () => {
  test.each<[string, Given]>([
    ["by DATA", {}],
    ["by BDAT", { by: "BDAT" }],
    ["after HELO", { by: "HELO" }],
    ["recipients in another order", { to: ["c@d.test", "b@d.test"] }],
    ["a recipient twice", { to: ["b@d.test", "c@d.test", "b@d.test"] }],
  ])("%s gets the first one's reply to the letter", async (_, given) => {
    const before = kept();
    const first = await send();
    expect(first).toMatch(/^250 2\.6\.0 <\d+@app\.test> \[InternalId=\d+, Hostname=relay\.test\] Queued/);
    expect(await send(given)).toBe(first);
    expect(kept() - before).toBe(1);
  });

  test("of any size", async () => {
    const before = kept();
    const body = "a long line of text\r\n".repeat(20_000);
    expect(await send({ body, by: "BDAT" })).toBe(await send({ body }));
    expect(kept() - before).toBe(1);
  });

  test("in one connection, pipelined, gets the same reply twice", async () => {
    const before = kept();
    const client = await connectScriptedClient({ port: relay.portOf("Window") });
    await client.expect("220 ");
    client.send(Buffer.concat([sent({}), sent({ by: "BDAT" }), Buffer.from("QUIT\r\n")]));
    const ends: string[] = [];
    for (let last = ""; !last.startsWith("221");) {
      last = (await client.reply()).last;
      if (last.startsWith("250 2.6.0")) ends.push(last);
    }
    client.close();
    expect([ends.length, new Set(ends).size, kept() - before]).toEqual([2, 1, 1]);
  });

  test("on many connections at once gets one message", async () => {
    const before = kept();
    const replies = await Promise.all(Array.from({ length: 8 }, () => send()));
    expect([new Set(replies).size, kept() - before]).toEqual([1, 1]);
  });

  test("from another address of the same application", async () => {
    const before = kept();
    const first = await send({ localAddress: "127.0.0.8" });
    expect(await send({ localAddress: "127.0.0.9" })).toBe(first);
    expect(kept() - before).toBe(1);
  });

  test("after the first was cut off behind its content, and after a restart", async () => {
    const before = kept();
    const client = await connectScriptedClient({ port: relay.portOf("Window") });
    await client.expect("220 ");
    client.send(sent({}));
    client.close();
    await expect.poll(kept).toBe(before + 1);
    const again = await send();
    expect(kept() - before).toBe(1);
    await relay.halt();
    relay = await startTemporaryRelay({ ...relay.settings, dataDirectory: relay.dataDirectory });
    expect(await send()).toBe(again);
    expect(kept() - before).toBe(1);
  });

  test("is counted, tracked and told, once for each time", async () => {
    const { repeatedBy } = relay.relay.metrics.totals;
    const [counted, received] = [repeatedBy.SMTP, relay.relay.metrics.totals.received];
    const header = `Message-ID: ${messageId}\r\nSubject: Invoice 7\r\n`;
    for (let times = 0; times < 3; times++) await send({ header });
    expect([repeatedBy.SMTP - counted, relay.relay.metrics.totals.received - received]).toEqual([2, 1]);
    const entries = await relay.relay.tracking.search({
      messageId,
      eventIds: ["RECEIVE", "DUPLICATE"],
      resultSize: 10,
    });
    expect(entries.map(({ eventId, source, clientIp }) => [eventId, source, clientIp])).toEqual([
      ["DUPLICATE", "SMTP", "127.0.0.1"],
      ["DUPLICATE", "SMTP", "127.0.0.1"],
      ["RECEIVE", "SMTP", "127.0.0.1"],
    ]);
    expect(new Set(entries.map(({ internalMessageId }) => internalMessageId)).size).toBe(1);
    expect(entries.map(({ messageSubject }) => messageSubject)).toEqual(Array(3).fill("Invoice 7"));
  });
});

describe("another message", () => {
  test.each<[string, Given, Given?]>([
    ["with another sender", { from: "other@s.test" }],
    ["with the null sender", { from: "" }],
    ["with a recipient less", { to: ["b@d.test"] }],
    ["with a recipient more", { to: ["b@d.test", "c@d.test", "d@d.test"] }],
    ["with another text", { body: "line\r\n.dot\r\n\r\n" }],
    ["with another Subject", { header: "Message-ID: <1@app.test>\r\nSubject: y\r\n" }],
    ["by another connector", { connector: "Other" }],
    ["from another address", { localAddress: "127.0.0.2" }],
    ["of an application", { localAddress: "127.0.0.8" }],
    ["without a Message-ID", { header: "Subject: x\r\n" }, { header: "Subject: x\r\n" }],
    ["where duplicateWindow is off", { connector: "Off" }, { connector: "Off" }],
  ])("%s is kept too", async (_, second, first = {}) => {
    const before = kept();
    const replies = [await send(first), await send(second)];
    expect(replies.every((reply) => reply.startsWith("250 2.6.0"))).toBe(true);
    expect([new Set(replies).size, kept() - before]).toEqual([2, 2]);
  });

  test("what was refused is not remembered", async () => {
    const before = kept();
    const nul = { body: "x\0\r\n" };
    expect(await send(nul)).toMatch(/^550/);
    expect(await send(nul)).toMatch(/^550/);
    expect(kept()).toBe(before);
  });
});
