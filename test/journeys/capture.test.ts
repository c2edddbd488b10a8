/** A developer's port: it answers as production would, and nothing that it takes ever leaves the relay. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { type RecordingSink, startRecordingSink } from "../../src/testing/recording-sink.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { sendMessage } from "./send-message.ts";

let sink: RecordingSink;
let relay: AdministeredRelay;
let [capturePort, plainPort] = [0, 0];
/** Connections that the sink had. */
let connectionsBefore = 0;

const configuration = (capture: boolean): string => `receiveConnectors:
  - name: Tests
    bindings: ["127.0.0.1:${capturePort}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    maxRecipientsPerMessage: 5
    maxMessageSize: 3MB
    tarpitInterval: 0s
    capture: ${capture}
  - name: Production
    bindings: ["127.0.0.1:${plainPort}"]
    remoteIpRanges: ["127.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
sendConnectors:
  - name: Out
    addressSpaces: ["*"]
    smartHosts: ["127.0.0.1:${sink.port}"]
`;

beforeAll(async () => {
  sink = await startRecordingSink();
  [capturePort, plainPort] = [await freePort(), await freePort()];
  relay = await startAdministeredRelay(configuration(true));
});
afterAll(async () => {
  await relay.stop();
  await sink.close();
});
beforeEach(async () => {
  await relay.client.call("removeAllCaptured", {});
  sink.clear();
  connectionsBefore = sink.connections;
});

const text = (subject: string, body = "Hello\r\n"): Buffer =>
  Buffer.from(`Subject: ${subject}\r\n\r\n${body}`);
const send = (subject: string, given: Partial<Parameters<typeof sendMessage>[0]> = {}): Promise<string> =>
  sendMessage({ port: capturePort, content: text(subject), ...given });
const list = (input: Parameters<typeof relay.client.call<"listCaptured">>[1] = {}) =>
  relay.client.call("listCaptured", input);
const waiting = async () => (await relay.relay.messages.list(queue(), 10)).messages;
const octets = async (...[name, input]: Parameters<typeof relay.client.octets>): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of await relay.client.octets(name, input)) pieces.push(piece);
  return Buffer.concat(pieces);
};
const queue = (): string => `Capture box;${join(relay.dataDirectory, "captured")}`;

describe("it captures", () => {
  test("mail for anybody, and delivers none of it; another connector's mail goes out", async () => {
    expect(await send("captured", { to: ["a@one.test", "b@two.test"] })).toMatch(/^250 2\.6\.0/);
    await sendMessage({ port: plainPort, content: text("real") });
    await sink.waitFor(1);
    const { messages, total } = await list({ wait: "60s" });
    expect(total).toBe(1);
    expect(messages[0]).toMatchObject({
      connector: "Tests",
      from: "app@app.example",
      to: ["a@one.test", "b@two.test"],
      subject: "captured",
      source: "127.0.0.1",
      helloName: "client.example",
    });
    expect(sink.messages.map(({ content }) => /Subject: (\w+)/.exec(content.toString())?.[1])).toEqual([
      "real",
    ]);
  });

  test("reports on it as well", async () => {
    await send("asks for a report", { rcptParameters: " NOTIFY=SUCCESS" });
    const { messages } = await list({ to: "app@app.example", wait: "60s" });
    expect(messages).toMatchObject([{ connector: "DSN", from: "", to: ["app@app.example"] }]);
    // A connection of the test before may be given up meanwhile.
    expect(sink.commands.filter((line) => line !== "QUIT")).toEqual([]);
  });

  test.each(["captures no more", "is gone", "is there, and the message is redirected to a next hop"])(
    "what waits when the connector %s",
    async (what) => {
      const { settings } = relay.relay;
      await relay.relay.suspendQueue(queue(), true);
      await send("waits");
      await expect.poll(async () => (await waiting()).length).toBe(1);
      const [{ message } = { message: undefined }] = await waiting();
      const { queues } = await relay.client.call("listQueues", {});
      expect(queues.map(({ identity }) => identity)).toContain(queue());
      const [tests, ...others] = settings.receiveConnectors;
      if (what.startsWith("captures"))
        await relay.relay.reconfigure({
          ...settings,
          receiveConnectors: [{ ...tests!, capture: false }, ...others],
        });
      else if (what === "is gone") await relay.relay.reconfigure({ ...settings, receiveConnectors: others });
      else {
        const out = queues.find(({ identity }) => identity.startsWith("Out;"))?.identity ?? "";
        expect(await relay.relay.messages.redirectMessage(queue(), message?.id ?? 0, out)).toBe("done");
      }
      await relay.relay.suspendQueue(queue(), false);
      await relay.relay.reconfigure(settings);
      expect((await list({ wait: "60s" })).messages.map(({ subject }) => subject)).toEqual(["waits"]);
      expect(sink.connections).toBe(connectionsBefore);
    },
  );

  test("a large message, octet for octet", async () => {
    const content = text("large", `${"0123456789abcdef".repeat(60)}\r\n`.repeat(2_000));
    await send("", { content });
    const { messages } = await list({ wait: "60s" });
    const source = await octets("getCapturedSource", { id: messages[0]!.id });
    expect(source.subarray(source.length - content.length).equals(content)).toBe(true);
  });

  test("the queue is not seen while nothing waits in it", async () => {
    // What was there is seen in the box a moment before it has left the queue.
    const identities = async () =>
      (await relay.client.call("listQueues", {})).queues.map(({ identity }) => identity);
    await expect.poll(identities).not.toContain(queue());
  });
});

describe("it answers as production would, and as addresses ask", () => {
  test.each([
    ["RCPT TO:<refuse-550@d.test>", "550 5.1.1"],
    ["RCPT TO:<refuse-452@d.test>", "452 4.2.2"],
    ["RCPT TO:<refuse-553@d.test>", "553 5.0.0"],
    ["RCPT TO:<refuse-421@d.test>", "421 4.3.2"],
    ["RCPT TO:<refuse-250@d.test>", "250"],
    ["RCPT TO:<broken", "501 5.1.3"],
    ["MAIL FROM:<a@b.test> SIZE=4000000", "503"],
  ])("%s: %s", async (line, reply) => {
    const client = await connectScriptedClient({ port: capturePort });
    await client.expect(220);
    for (const before of ["EHLO c.test", "MAIL FROM:<a@b.test>"]) await client.command(before);
    expect((await client.command(line)).last).toContain(reply);
    client.close();
  });

  test("limits are limits", async () => {
    await expect(send("", { to: Array.from({ length: 6 }, (_, n) => `u${n}@d.test`) })).rejects.toThrow(
      "452 4.5.3",
    );
    await expect(send("", { mailParameters: " SIZE=4000000" })).rejects.toThrow("552 5.3.4");
  });

  test("refuse-data refuses the content, and nothing is kept", async () => {
    expect(await send("", { to: ["ok@d.test", "refuse-data-554@d.test"] })).toMatch(/^554 5\.7\.1/);
    expect((await list()).total).toBe(0);
  });

  test("no other connector does any of it", async () => {
    await sendMessage({ port: plainPort, content: text("refused by nobody"), to: ["refuse-550@d.test"] });
    await sink.waitFor(1);
  });

  test("greylist puts the first try off, and takes the second behind its time", async () => {
    const [long, brief] = [["greylist-10m@d.test"], ["greylist-1ms@d.test"]];
    await expect(send("", { to: brief })).rejects.toThrow("451 4.7.1");
    for (let tries = 0; tries < 2; tries++) await expect(send("", { to: long })).rejects.toThrow("451 4.7.1");
    await sleep(2);
    expect(await send("", { to: brief })).toMatch(/^250/);
    // It is in the box, and comes into no other test's.
    await expect.poll(async () => (await list()).total).toBe(1);
  });
});

describe("its API", () => {
  test("waits for what comes, and for no other", async () => {
    const waited = list({ to: "*@late.test", wait: "60s" });
    await send("other");
    await send("wanted", { to: ["x@late.test"] });
    expect((await waited).messages.map(({ subject }) => subject)).toEqual(["wanted"]);
    // Nor does it come while another test looks.
    await expect.poll(async () => (await list()).total).toBe(2);
  });

  test("a wait that is over says so with nothing", async () => {
    expect(await list({ to: "nobody@d.test", wait: "200ms" })).toEqual({ messages: [], total: 0 });
    await expect(list({ wait: "2m" })).rejects.toThrow("up to 60s");
    await expect(list({ wait: "soon" })).rejects.toThrow("up to 60s");
  });

  test("fits by every filter, reads text, HTML and attachments, and deletes", async () => {
    const content = Buffer.from(
      [
        "From: a@b.test\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\r\nMIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: text/html\r\n',
        '<b>bold</b><img src="cid:logo">\r\n--x\r\nContent-Type: image/png\r\nContent-ID: <logo>',
        "Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--x",
        'Content-Type: text/plain; name="../a b.txt"\r\nContent-Disposition: attachment\r\n\r\nfile\r\n--x--\r\n',
      ].join("\r\n"),
    );
    await send("", { content, from: "app@app.test", to: ["Some.One@d.test"] });
    const { messages } = await list({
      wait: "60s",
      to: "some.one@D.TEST",
      from: "*@app.test",
      subject: "grüß",
      connector: "tests",
      since: new Date(Date.now() - 60_000).toISOString(),
    });
    const [{ id } = { id: "" }] = messages;
    expect((await list({ subject: "other" })).total).toBe(0);
    expect(await relay.client.call("getCaptured", { id })).toMatchObject({
      subject: "Grüße",
      html: expect.stringContaining("<b>bold</b>") as string,
      complete: true,
      attachments: [
        { index: 0, mediaType: "image/png", contentId: "logo", sizeBytes: 8 },
        { index: 1, sizeBytes: 5 },
      ],
    });
    const html = (await octets("getCapturedHtml", { id })).toString();
    expect(html).toContain('src="data:image/png;base64,iVBORw0KGgo="');
    expect((await octets("getCapturedAttachment", { id, index: 1 })).toString()).toMatch(/^file/);
    await expect(relay.client.call("getCaptured", { id: "../weir.yaml" })).rejects.toThrow(
      "no captured message",
    );
    expect(await relay.client.call("removeCaptured", { id })).toEqual({ removed: 1 });
    await expect(relay.client.call("removeCaptured", { id })).rejects.toThrow("no captured message");
    expect(await readdir(join(relay.dataDirectory, "captured"))).toEqual([]);
  });
});
