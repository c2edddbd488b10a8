/** A report does not die of what its message died of; and who is told when it does. */
import PostalMime from "postal-mime";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isSevenBit } from "../../src/core/message/seven-bit/is-seven-bit.ts";
import {
  type RecordedMessage,
  type RecordingSink,
  startRecordingSink,
} from "../../src/testing/recording-sink.ts";
import { startScriptedServer } from "../../src/testing/scripted-server.ts";
import { type TemporaryRelay, startTemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { smartHostConnector } from "../../src/testing/test-settings.ts";
import { sendMessage, type Outgoing } from "./send-message.ts";

let sink: RecordingSink;
let relay: TemporaryRelay;
beforeEach(async () => {
  sink = await startRecordingSink();
});
afterEach(async () => {
  await relay.stop();
  await sink.close();
});

const start = async (connector: Parameters<typeof smartHostConnector>[1] = {}): Promise<void> => {
  relay = await startTemporaryRelay({ sendConnectors: [smartHostConnector(sink.port, connector)] });
};
const send = (text: string, more: Partial<Outgoing> = {}): Promise<string> =>
  sendMessage({ port: relay.port, content: Buffer.from(text), ...more });
const eventsOf = (wanted: string) => relay.events.filter(({ name }) => name === wanted);
const drained = (): Promise<void> =>
  expect.poll(() => relay.relay.queues().reduce((sum, { messages }) => sum + messages, 0)).toBe(0);

/** The one report that came, its parts by type. */
async function reported(): Promise<{ message: RecordedMessage; types: string[]; text: string }> {
  await sink.until(() => sink.messages.some(({ reversePath }) => reversePath === ""));
  await drained();
  const [message] = sink.messages.filter(({ reversePath }) => reversePath === "");
  if (message === undefined) throw new Error("no report");
  const mail = await PostalMime.parse(message.content);
  const types = mail.attachments.map(({ mimeType }) => mimeType);
  return { message, types, text: mail.text ?? "" };
}

const header = "Subject: Invoice\r\nMessage-ID: <7@app.test>\r\n";

test("8-bit mail to a next hop without 8BITMIME arrives", async () => {
  sink.configure({ extensions: ["PIPELINING", "SIZE"] });
  await start();
  await send(`${header}\r\nGr\u00fc\u00dfe an alle\r\n`, { mailParameters: " BODY=8BITMIME SMTPUTF8" });
  const [message] = await sink.waitFor(1);
  expect(message?.content.some((octet) => octet > 127)).toBe(false);
  expect(message?.parameters).toEqual([`SIZE=${message?.content.length}`]);
  expect((await PostalMime.parse(message?.content ?? "")).text).toBe("Grüße an alle\n");
});

test("8-bit mail that is refused for that is reported in 7 bit, by its header", async () => {
  sink.configure({ extensions: [] });
  await start({ errorPolicies: ["RejectUnconvertible"] });
  await send("Subject: Gr\u00fc\u00dfe\r\n\r\nbody\r\n", { mailParameters: " BODY=8BITMIME" });
  const { message, types } = await reported();
  expect(isSevenBit(message.content)).toBe(true);
  expect(types).toEqual(["message/delivery-status", "text/rfc822-headers"]);
  expect(message.content.toString()).toContain("Status: 5.6.3\r\n");
});

test("mail to an address that needs SMTPUTF8 is reported to a sender that does not", async () => {
  sink.configure({ extensions: ["8BITMIME"] });
  await start();
  await send(`${header}\r\nbody\r\n`, {
    to: ["j\u00fcrgen@dest.example"],
    mailParameters: " BODY=8BITMIME SMTPUTF8",
  });
  const { message, text } = await reported();
  expect(isSevenBit(message.content)).toBe(true);
  expect(text).toContain("jürgen@dest.example");
  expect(message.content.toString()).toContain("Final-Recipient: utf-8;j\\x{FC}rgen@dest.example\r\n");
});

test("what is too large is reported by its header", async () => {
  sink.configure({ extensions: ["SIZE 4000"] });
  await start();
  await send(`${header}\r\n${"x".repeat(70)}\r\n`.padEnd(5000, "y\r\n"));
  const { types } = await reported();
  expect(types).toEqual(["message/delivery-status", "text/rfc822-headers"]);
});

test("and where the header is too large, without it", async () => {
  sink.configure({ extensions: ["SIZE 4000"] });
  await start();
  await send(`${header}${"X-Much: more and more\r\n".repeat(300)}\r\nbody\r\n`);
  const { types, text } = await reported();
  expect(types).toEqual(["message/delivery-status"]);
  expect(text).toContain("could not be attached");
  expect(eventsOf("DsnRetried")).toHaveLength(1);
  expect(eventsOf("DsnSuppressed")).toHaveLength(0);
});

test("a content filter that refuses the Subject does not stop the report", async () => {
  const taken: Buffer[] = [];
  const filter = await startScriptedServer(async (peer) => {
    await peer.greet();
    for (;;) {
      if ((await peer.line()) === "QUIT") return peer.send("221 Bye\r\n");
      peer.send("250 Ok\r\n");
      await peer.line();
      peer.send("250 Ok\r\n");
      await peer.line();
      peer.send("354 Go on\r\n");
      const content = await peer.content();
      if (content.includes("Cheap pills")) {
        peer.send("550 5.7.1 Spam\r\n");
        if ((await peer.line()) === "QUIT") return;
      } else taken.push(content);
      peer.send("250 Ok\r\n");
    }
  });
  try {
    relay = await startTemporaryRelay({ sendConnectors: [smartHostConnector(filter.port)] });
    await send("Subject: Cheap pills\r\n\r\nBuy\r\n");
    await expect.poll(() => taken.length).toBe(1);
    await drained();
    const mail = await PostalMime.parse(taken[0] ?? "");
    expect(mail.subject).toBe("Undeliverable: your message");
    expect(mail.text).toContain("550 5.7.1 Spam");
  } finally {
    await filter.close();
  }
});

test("when nothing helps an Error says who was not told of what", async () => {
  sink.configure({
    extensions: [],
    behave: ({ at }) => (at === "content" ? { reply: "554 5.6.0 No" } : undefined),
  });
  await start();
  await send(`${header}\r\nbody\r\n`, { to: ["a@dest.example", "b@dest.example"] });
  await expect.poll(() => eventsOf("DsnSuppressed").length).toBe(1);
  await drained();
  expect(eventsOf("DsnRetried")).toHaveLength(1);
  expect(eventsOf("DsnSuppressed")[0]).toMatchObject({
    definition: { severity: "Error" },
    fields: {
      recipient: "app@app.example",
      error: "554 5.6.0 No",
      about:
        " It was the report on message <7@app.test> to a@dest.example (failed 5.6.0), b@dest.example (failed 5.6.0).",
    },
  });
});
