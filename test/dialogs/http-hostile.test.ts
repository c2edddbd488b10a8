/** Requests by HTTP from those who want mail lost, doubled or stuck, a lie told, or the relay busy. One relay for all. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connectRawHttp, rawRequest, type RawHttpClient } from "../../src/testing/raw-http-client.ts";
import { startRecordingSink, type RecordingSink } from "../../src/testing/recording-sink.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector, smartHostConnector } from "../../src/testing/test-settings.ts";

const email = { from: "App <app@contoso.com>", to: "you@d.test", subject: "Hello", text: "Hi" };
const json = JSON.stringify(email);
const post = rawRequest("/v1/emails", json);

let sink: RecordingSink;
let relay: TemporaryRelay;
const open: RawHttpClient[] = [];

beforeAll(async () => {
  sink = await startRecordingSink();
  const common = {
    httpBindings: [{ address: "127.0.0.1", port: 0 }],
    maxMessageSize: 36 * 1024 * 1024,
    maxRecipientsPerMessage: 10_000,
    protocolLoggingLevel: "Verbose",
  } as const;
  relay = await startTemporaryRelay({
    receiveConnectors: [
      receiveConnector({ ...common, name: "Open" }),
      receiveConnector({ ...common, name: "Closed", anonymousRelay: false }),
      receiveConnector({ ...common, name: "Tarpit", anonymousRelay: false, tarpitInterval: 30_000 }),
    ],
    acceptedDomains: [{ domain: "here.test", subdomains: false }],
    sendConnectors: [smartHostConnector(sink.port)],
  });
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});
afterAll(async () => {
  await relay.stop();
  await sink.close();
});

async function client(connector = "Open"): Promise<RawHttpClient> {
  const connected = await connectRawHttp(relay.httpPortOf(connector));
  open.push(connected);
  return connected;
}
async function ask(octets: string | Buffer, connector = "Open") {
  const one = await client(connector);
  one.send(octets);
  return one.answer();
}
const taken = (): number => relay.relay.metrics.totals.receivedBy.HTTP;

describe("who is not answered sends again: what was taken is answered", () => {
  test("although the client sends no more", async () => {
    const before = taken();
    const one = await client();
    one.send(post);
    one.socket.end();
    expect((await one.answer()).status).toBe(202);
    await one.closed();
    expect(taken()).toBe(before + 1);
  });

  test("although something else than a request stands behind it", async () => {
    const one = await client();
    one.send(Buffer.concat([post, Buffer.from("xyz\r\n\r\n")]));
    const { status, headers } = await one.answer();
    expect([status, headers["connection"]]).toEqual([202, "close"]);
    await one.closed();
  });

  test("although more requests were sent ahead than are looked at; those are not taken", async () => {
    const before = taken();
    const one = await client();
    one.send(Buffer.concat(Array.from({ length: 60 }, () => post)));
    const { status, headers } = await one.answer();
    expect([status, headers["connection"]]).toEqual([202, "close"]);
    await one.closed();
    expect(taken()).toBe(before + 1);
  });

  test("half a request that ends is none", async () => {
    const before = taken();
    const one = await client();
    one.send(post.subarray(0, post.length - 1));
    one.socket.end();
    await one.closed();
    expect(taken()).toBe(before);
  });

  test("who hangs up while a refusal is held back has not come around it", async () => {
    const one = await client("Tarpit");
    one.send(post);
    one.socket.end();
    await one.closed();
    expect(relay.relay.discredits()).toHaveLength(1);
  });
});

describe("one reading only", () => {
  const head = "POST /v1/emails HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  const raw = (more: string) =>
    `POST /v1/emails/raw${more.startsWith("?") ? more.split(" ", 1)[0] : ""} HTTP/1.1\r\nHost: x\r\nContent-Type: message/rfc822\r\n${
      more.startsWith("?") ? "" : more
    }Content-Length: 14\r\n\r\nSubject: x\r\n\r\n`;
  test.each<[string, string | Buffer, number]>([
    ["an expectation that nobody has", post.toString().replace("\r\n", "\r\nExpect: tea\r\n"), 202],
    ["as a proxy is asked", rawRequest("http://relay.test/v1/emails", json), 202],
    ["two hosts", post.toString().replace("\r\n", "\r\nHost: y\r\n"), 400],
    ["chunks twice", `${head}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    [
      "chunks before HTTP/1.1",
      `${head.replace("/1.1", "/1.0")}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ["a length with a sign", `${head}Content-Length: +2\r\n\r\n{}`, 400],
    ["a length in a list", `${head}Content-Length: 2, 2\r\n\r\n{}`, 400],
    ["a length beyond all numbers", `${head}Content-Length: 99999999999999999999999\r\n\r\n`, 400],
    [
      "a chunk's length with a prefix",
      `${head}Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n`,
      400,
    ],
    [
      "a chunk that is longer than it says",
      `${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{}}\r\n0\r\n\r\n`,
      400,
    ],
    ["a chunk that ends in LF", `${head}Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n`, 400],
    ["a field over two lines", `${head}X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}`, 400],
    ["a NUL in a field", `${head}X: a\0b\r\nContent-Length: 2\r\n\r\n{}`, 400],
    ["a query where all is JSON", rawRequest("/v1/emails?to=a@b.test", json), 400],
    ["a prototype", rawRequest("/v1/emails", json.replace("{", '{"__proto__":{"bcc":"a@b.test"},')), 400],
    ["a prototype within", rawRequest("/v1/emails", json.replace("}", ',"envelope":{"__proto__":{}}}')), 400],
    ["a sender that is not UTF-8", Buffer.from(raw("Mail-From: <j\xe9@d.test>\r\n"), "latin1"), 422],
    ["a recipient that is not UTF-8", Buffer.from(raw("Rcpt-To: <j\xe9@d.test>\r\n"), "latin1"), 422],
    ["a recipient in the query that is not UTF-8", raw("?to=j%e9@d.test "), 422],
    ["an answer that is asked of the query twice", raw("?to=a@d.test&partial=true&partial=true "), 400],
    ["a priority that is none", raw("?to=a@d.test&priority=urgent "), 400],
  ])("%s", async (_, octets, status) => {
    const before = taken();
    const answer = await ask(octets);
    expect([answer.status, status < 300 || answer.json["statusCode"] === status]).toEqual([status, true]);
    expect(taken()).toBe(before + (status === 202 ? 1 : 0));
  });

  test("a line end in no field of JSON begins another one", async () => {
    sink.clear();
    for (const end of ["\r\n", "\n", "\r", "\u2028", "\u0085", "\v", "\f", "\0"]) {
      const evil = `x${end}Bcc: evil@d.test${end}${end}body`;
      const attempts: object[] = [
        { subject: evil },
        { from: { email: "app@contoso.com", name: evil } },
        { headers: { "X-A": evil } },
        { headers: { [`X-A: x${end}Bcc`]: "evil@d.test" } },
        { attachments: [{ content: "eA==", filename: evil }] },
        { attachments: [{ content: "eA==", content_type: `text/plain; a="${evil}"` }] },
        { attachments: [{ content: "eA==", content_id: evil }] },
        { reply_to: `${evil} <a@b.test>` },
      ];
      for (const attempt of attempts)
        await ask(rawRequest("/v1/emails", JSON.stringify({ ...email, ...attempt })));
    }
    await expect.poll(() => relay.relay.metrics.totals.delivered).toBe(taken());
    expect(sink.messages.length).toBeGreaterThan(0);
    for (const { content, recipients } of sink.messages) {
      expect(recipients.map(({ path }) => path)).toEqual(["you@d.test"]);
      expect(content.toString("latin1")).not.toMatch(/^Bcc:/m);
    }
  });
});

test.each([
  ["longer than any", `<${"x".repeat(900)}@contoso.com>`],
  ["of control characters", `<${"\u0001".repeat(900)}@contoso.com>`],
])("a Message-ID %s is taken under a key, and once", async (_, id) => {
  const content = Buffer.from(`Message-ID: ${id}\r\nFrom: a@b.test\r\nTo: c@d.test\r\n\r\nHi\r\n`);
  const request = rawRequest("/v1/emails/raw", content, {
    "content-type": "message/rfc822",
    "idempotency-key": `id-${id.length}-${id.charCodeAt(2)}`,
  });
  const [first, second] = [await ask(request), await ask(request)];
  expect([first.status, second.headers["idempotency-replayed"], second.json]).toEqual([
    202,
    "true",
    first.json,
  ]);
});

describe("thousands of recipients that are refused", () => {
  const to = Array.from({ length: 5_000 }, (_, n) => `r${n}@there.test`);
  const told = () => relay.events.filter(({ name }) => name === "SmtpReceiveRelayDenied").length;
  test("none of them gets it: the first are named, and how many were not looked at", async () => {
    const before = told();
    const { status, json: answer } = await ask(
      rawRequest("/v1/emails", JSON.stringify({ ...email, to })),
      "Closed",
    );
    expect([status, (answer["recipients"] as unknown[]).length, answer["recipientsUnchecked"]]).toEqual([
      403, 100, 4_900,
    ]);
    expect(told() - before).toBe(100);
  });

  test("one of them gets it (partial): each is named, and a hundred events tell of it", async () => {
    const before = told();
    const body = JSON.stringify({ ...email, to: [...to, "you@here.test"], partial: true });
    const { status, json: answer } = await ask(rawRequest("/v1/emails", body), "Closed");
    const recipients = answer["recipients"] as { status: string; smtp: string }[];
    expect([status, recipients.length]).toEqual([202, 5_001]);
    expect(
      recipients.filter((one) => one.status === "refused" && one.smtp.startsWith("550 5.7.54")),
    ).toHaveLength(5_000);
    expect(told() - before).toBe(100);
  });
});

test("what slow clients announce keeps nobody else out", async () => {
  for (let n = 0; n < 4; n++) {
    const slow = await client();
    slow.send(
      `POST /v1/emails HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 45000000\r\n\r\n{"text":"`,
    );
  }
  await expect
    .poll(() => relay.relay.connections().filter(({ activity }) => activity === "working").length)
    .toBe(4);
  const large = JSON.stringify({ ...email, text: "x".repeat(200_000) });
  expect((await ask(rawRequest("/v1/emails", large))).status).toBe(202);
});

test("who waits to be told to go on hears that it is too large before it sends", async () => {
  const header = "Host: x\r\nContent-Type: message/rfc822\r\nExpect: 100-continue\r\n";
  const answer = await ask(
    `POST /v1/emails/raw?to=a@b.test HTTP/1.1\r\n${header}Content-Length: 40000000\r\n\r\n`,
  );
  expect([answer.status, answer.json["name"]]).toEqual([413, "message_too_large"]);
});

test.each<[string, string]>([
  ["authorization", "Bearer "],
  ["authorization", ""],
  ["authorization", "Basic"],
  ["x-api-key", ""],
])("an empty key (%s: %s) is a key that is missing, and no anonymous client", async (name, value) => {
  const { status, json: answer } = await ask(rawRequest("/v1/emails", json, { [name]: value }));
  expect([status, answer["name"]]).toEqual([401, "missing_api_key"]);
});

test("a key that stands where none belongs is in no event and no log", async () => {
  const key = `weir_${"aB3".repeat(9)}`;
  await ask(rawRequest(`/v1/${key}`, json));
  await ask(rawRequest(`/v1/emails?key=${key}`, json));
  await ask(rawRequest("/v1/emails", JSON.stringify({ ...email, [key]: "x" })));
  await ask(rawRequest("/v1/emails", json, { authorization: `Bearer ${key}` }));
  await ask(rawRequest("/v1/emails", json, { "x-api-key": key }));
  expect(JSON.stringify(relay.events)).not.toContain(key);
  const logs = join(relay.dataDirectory, "logs");
  await expect
    .poll(async () => {
      const files = await readdir(logs, { recursive: true, withFileTypes: true });
      const texts = await Promise.all(
        files
          .filter((file) => file.isFile())
          .map((file) => readFile(join(file.parentPath, file.name), "latin1")),
      );
      const text = texts.join("\n");
      return [
        /,<,"?POST \/v1\/weir_\.\.\. HTTP\/1\.1/.test(text),
        /,<,"?POST \/v1\/emails\?key=weir_\.\.\. HTTP\/1\.1/.test(text),
        text.includes(key),
      ];
    })
    .toEqual([true, true, false]);
});
