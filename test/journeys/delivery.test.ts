/** What becomes of mail whose next hop defers, refuses, fails or is away. */
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import PostalMime from "postal-mime";
import { freePort } from "../../src/testing/free-port.ts";
import {
  type RecordedMessage,
  type RecordingSink,
  startRecordingSink,
} from "../../src/testing/recording-sink.ts";
import {
  type TemporaryRelay,
  type TemporaryRelaySettings,
  startTemporaryRelay,
} from "../../src/testing/temporary-relay.ts";
import { smartHostConnector } from "../../src/testing/test-settings.ts";
import { plain, withAttachment } from "./mail-samples.ts";
import { sendMessage } from "./send-message.ts";
import { firstDifference, splitTrace } from "./trace.ts";

let sink: RecordingSink;
let relay: TemporaryRelay;

beforeEach(async () => {
  sink = await startRecordingSink();
});
afterEach(async () => {
  await relay.stop();
  await sink.close();
});

const start = async (given: TemporaryRelaySettings = {}): Promise<void> => {
  relay = await startTemporaryRelay({ sendConnectors: [smartHostConnector(sink.port)], ...given });
};
const send = (to: readonly string[] = ["someone@dest.example"], more: object = {}): Promise<string> =>
  sendMessage({ port: relay.port, content: plain.content, to, ...more });
const recipientsOf = (message: RecordedMessage | undefined): string[] =>
  message?.recipients.map(({ path }) => path) ?? [];
const queued = (): number => relay.relay.queues().reduce((sum, queue) => sum + queue.messages, 0);
const drained = (): Promise<void> => expect.poll(queued).toBe(0);
const reports = (): RecordedMessage[] => sink.messages.filter(({ reversePath }) => reversePath === "");

describe("4xx", () => {
  test.each([
    ["MAIL", "451 4.3.0 Not now"],
    ["RCPT", "450 4.2.1 Mailbox busy"],
    ["DATA", "451 4.3.0 Not now"],
    ["content", "452 4.3.1 Out of storage"],
  ] as const)("to %s is tried again until it is taken", async (stage, reply) => {
    let refusals = 2;
    sink.configure({
      extensions: ["PIPELINING"],
      behave: ({ at }) => (at === stage && refusals-- > 0 ? { reply } : undefined),
    });
    await start();
    await send();
    await sink.waitFor(1);
    await drained();
    expect(sink.messages).toHaveLength(1);
  });

  test("to one of three recipients repeats that one alone", async () => {
    let refusals = 1;
    sink.configure({
      behave: ({ at, line }) =>
        at === "RCPT" && line.includes("busy@") && refusals-- > 0 ? { reply: "450 4.2.1 Busy" } : undefined,
    });
    await start();
    await send(["a@dest.example", "busy@dest.example", "c@dest.example"]);
    await sink.waitFor(2);
    await drained();
    expect(sink.messages.map(recipientsOf)).toEqual([
      ["a@dest.example", "c@dest.example"],
      ["busy@dest.example"],
    ]);
  });

  test("421 at connect is tried again", async () => {
    let refusals = 3;
    sink.configure({
      behave: ({ at }) => (at === "connect" && refusals-- > 0 ? { reply: "421 4.3.2 Busy" } : undefined),
    });
    await start();
    await send();
    await sink.waitFor(1);
    await drained();
  });
});

describe("5xx", () => {
  test.each([
    ["MAIL", "550 5.7.1 Sender refused"],
    ["RCPT", "550 5.1.1 No such user"],
    ["DATA", "554 5.5.0 No"],
    ["content", "554 5.6.0 Content refused"],
  ] as const)("to %s makes a report to the sender, once", async (stage, reply) => {
    sink.configure({
      extensions: ["PIPELINING"],
      behave: ({ at, reversePath, line }) =>
        at === stage && reversePath !== "" && !line.includes("<>") ? { reply } : undefined,
    });
    await start();
    await send();
    await sink.waitFor(1);
    await drained();
    expect(sink.messages).toHaveLength(1);
    const [report] = reports();
    expect(recipientsOf(report)).toEqual(["app@app.example"]);
    const parsed = await PostalMime.parse(report?.content ?? "");
    expect(parsed.from?.address).toBe("postmaster@relay.test");
    expect(parsed.to?.[0]?.address).toBe("app@app.example");
    const text = report?.content.toString("latin1") ?? "";
    expect(text).toMatch(/Content-Type: multipart\/report;[^]*report-type="?delivery-status/i);
    expect(text).toMatch(/Final-Recipient: rfc822; ?someone@dest\.example/i);
    expect(text).toMatch(/Action: failed/i);
    expect(text).toContain(`Status: ${reply.split(" ")[1] ?? ""}`);
    expect(text).toContain(`Diagnostic-Code: smtp; ${reply}`);
    expect(text).toContain("Subject: plain");
  });

  test("to one of three recipients: the others get it, the report names that one", async () => {
    sink.configure({
      behave: ({ at, line }) =>
        at === "RCPT" && line.includes("nobody@") ? { reply: "550 5.1.1 No such user" } : undefined,
    });
    await start();
    await send(["a@dest.example", "nobody@dest.example", "c@dest.example"]);
    await sink.waitFor(2);
    await drained();
    expect(recipientsOf(sink.messages.find(({ reversePath }) => reversePath !== ""))).toEqual([
      "a@dest.example",
      "c@dest.example",
    ]);
    expect(reports()[0]?.content.toString()).toMatch(/Final-Recipient: rfc822; ?nobody@dest\.example/i);
    expect(reports()[0]?.content.toString()).not.toMatch(/Final-Recipient: rfc822; ?a@dest\.example/i);
  });

  test("NOTIFY=NEVER makes no report", async () => {
    sink.configure({ behave: ({ at }) => (at === "RCPT" ? { reply: "550 5.1.1 No" } : undefined) });
    await start();
    await send(["x@dest.example"], { rcptParameters: " NOTIFY=NEVER" });
    await drained();
    expect(sink.messages).toHaveLength(0);
  });

  test("the null sender gets no report", async () => {
    sink.configure({ behave: ({ at }) => (at === "RCPT" ? { reply: "550 5.1.1 No" } : undefined) });
    await start();
    await send(["x@dest.example"], { from: "" });
    await expect.poll(() => relay.events.some(({ name }) => name === "DsnSuppressed")).toBe(true);
    await drained();
    expect(sink.messages).toHaveLength(0);
  });

  test("ENVID and ORCPT stand in the report, RET=HDRS leaves the body out", async () => {
    sink.configure({
      extensions: ["PIPELINING"],
      behave: ({ at, reversePath }) =>
        at === "RCPT" && reversePath !== "" ? { reply: "550 5.1.1 No" } : undefined,
    });
    await start();
    await send(["x@dest.example"], {
      mailParameters: " RET=HDRS ENVID=QQ+2B1",
      rcptParameters: " ORCPT=rfc822;orig@dest.example",
    });
    await sink.waitFor(1);
    const text = reports()[0]?.content.toString() ?? "";
    expect(text).toMatch(/Original-Envelope-Id: QQ\+1/i);
    expect(text).toMatch(/Original-Recipient: rfc822; ?orig@dest\.example/i);
    expect(text).toContain("Subject: plain");
    expect(text).not.toContain("Second line.");
  });

  test("NOTIFY=SUCCESS over a next hop without DSN makes a relayed report", async () => {
    sink.configure({ extensions: ["PIPELINING"] });
    await start();
    await send(["x@dest.example"], { rcptParameters: " NOTIFY=SUCCESS" });
    await sink.waitFor(2);
    expect(reports()[0]?.content.toString()).toMatch(/Action: relayed/i);
  });

  test("a report carries the whole of a message of 2 MB", async () => {
    sink.configure({
      behave: ({ at, reversePath }) =>
        at === "RCPT" && reversePath !== "" ? { reply: "550 5.1.1 No" } : undefined,
    });
    await start();
    const content = withAttachment("large", 2_000_000);
    await send(["x@dest.example"], { content });
    await sink.waitFor(1);
    expect(reports()[0]?.content.includes(content.subarray(0, content.length - 2))).toBe(true);
  });
});

describe("connections", () => {
  test("a next hop that is away: mail waits and goes out when it is back", async () => {
    const port = await freePort();
    await start({ sendConnectors: [smartHostConnector(port)] });
    for (let i = 0; i < 5; i++) await send([`r${i}@dest.example`]);
    await expect.poll(() => relay.events.some(({ name }) => name === "QueueRetry")).toBe(true);
    expect(queued()).toBe(5);
    const back = await startRecordingSink({ port });
    await back.waitFor(5);
    await drained();
    expect(back.messages).toHaveLength(5);
    await back.close();
  });

  test("the second smart host takes over when the first is away", async () => {
    await start({ sendConnectors: [smartHostConnector([await freePort(), sink.port])] });
    await send();
    await sink.waitFor(1);
  });

  test.each(["connect", "EHLO", "MAIL", "RCPT", "DATA", "content"] as const)(
    "dropped at %s: tried again, delivered once",
    async (stage) => {
      let drops = 1;
      sink.configure({
        extensions: ["PIPELINING"],
        behave: ({ at }) => (at === stage && drops-- > 0 ? { drop: true } : undefined),
      });
      await start();
      await send();
      await sink.waitFor(1);
      await drained();
      expect(sink.messages).toHaveLength(1);
    },
  );

  test("a next hop that stalls holds up a stop no longer than its grace, and the mail is kept", async () => {
    sink.configure({ behave: ({ at }) => (at === "MAIL" ? { stall: true } : undefined) });
    await start();
    await send();
    await sink.until(() => sink.commands.some((line) => line.startsWith("MAIL")));
    await relay.halt(200);
    sink.configure({ behave: undefined });
    relay = await startTemporaryRelay({
      dataDirectory: relay.dataDirectory,
      sendConnectors: [smartHostConnector(sink.port)],
    });
    await sink.waitFor(1);
  });

  test("connections are reused", async () => {
    await start();
    for (let i = 0; i < 10; i++) await send([`r${i}@dest.example`]);
    await sink.waitFor(10);
    expect(sink.connections).toBeLessThan(5);
  });

  test("opportunistic TLS is used where it is offered", async () => {
    const { key, cert } = await selfSigned();
    sink.configure({ extensions: ["PIPELINING", "STARTTLS"], tls: { key, cert } });
    await start();
    await send();
    await sink.waitFor(1);
    expect(sink.messages[0]?.tls).toBe(true);
  });

  test("required TLS that is not offered: mail waits", async () => {
    await start({ sendConnectors: [smartHostConnector(sink.port, { requireTls: true })] });
    await send();
    await expect.poll(() => relay.events.some(({ name }) => name === "SmtpSendTlsRequiredFailed")).toBe(true);
    expect(sink.messages).toHaveLength(0);
    expect(sink.commands.some((line) => line.startsWith("MAIL"))).toBe(false);
    expect(queued()).toBe(1);
  });

  test("BDAT refused in mid-flight: DATA is used instead", async () => {
    sink.configure({
      behave: ({ at }) => (at === "BDAT" ? { reply: "502 5.5.1 What is BDAT?" } : undefined),
    });
    await start();
    await send();
    await sink.waitFor(1);
    await drained();
    expect(sink.messages[0]?.framing).toBe("DATA");
    expect(
      firstDifference(splitTrace(sink.messages[0]?.content ?? Buffer.alloc(0)).rest, plain.content),
    ).toBeUndefined();
  });
});

describe("routing", () => {
  test("no send connector matches: unreachable, delivered when one does", async () => {
    await start({
      sendConnectors: [
        smartHostConnector(sink.port, {
          addressSpaces: [{ domain: "other.example", subdomains: false, cost: 1 }],
        }),
      ],
    });
    await send();
    await expect.poll(() => relay.events.some(({ name }) => name === "RecipientUnreachable")).toBe(true);
    expect(queued()).toBe(1);
    await relay.relay.reconfigure({ ...relay.settings, sendConnectors: [smartHostConnector(sink.port)] });
    await sink.waitFor(1);
    await drained();
  });

  test("mail left by an earlier run is delivered by the next", async () => {
    const port = await freePort();
    await start({ sendConnectors: [smartHostConnector(port)] });
    for (let i = 0; i < 5; i++) await send([`r${i}@dest.example`]);
    await relay.halt();
    relay = await startTemporaryRelay({
      dataDirectory: relay.dataDirectory,
      sendConnectors: [smartHostConnector(sink.port)],
    });
    await sink.waitFor(5);
    await drained();
    expect(new Set(sink.messages.flatMap(recipientsOf)).size).toBe(5);
  });
});

async function selfSigned(): Promise<{ key: string; cert: string }> {
  const { mkdtemp, readFile, rm } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  const { run } = await import("./peers.ts");
  const directory = await mkdtemp(join(tmpdir(), "weir-certificate-"));
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  await run("openssl", [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-keyout",
    key,
    "-out",
    cert,
    "-days",
    "2",
    "-subj",
    "/CN=sink.example",
  ]);
  const pair = { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") };
  await rm(directory, { recursive: true });
  return pair;
}
