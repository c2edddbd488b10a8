/** Mail by HTTP from the clients that people have: the resend package, curl, and Node's fetch; once, whatever is repeated. */
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import PostalMime from "postal-mime";
import { Resend } from "resend";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { emailExamples, submissionApi } from "../../src/receive/http/openapi.ts";
import { readEmail } from "../../src/receive/http/read-email.ts";
import { startRecordingSink, type RecordingSink } from "../../src/testing/recording-sink.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { receiveConnector, smartHostConnector } from "../../src/testing/test-settings.ts";
import { passwordHash } from "../dialogs/test-relay.ts";

const run = promisify(execFile);
const anywhere = { address: "127.0.0.1", port: 0 };
let sink: RecordingSink;
let relay: TemporaryRelay;
let url = "";

beforeAll(async () => {
  sink = await startRecordingSink();
  relay = await startTemporaryRelay({
    receiveConnectors: [
      { name: "Open", maxMessageSize: 48 * 1024 * 1024 },
      { name: "Closed", anonymousRelay: false },
      {
        name: "Users",
        permissionGroups: ["ExchangeUsers"] as const,
        authMechanism: ["BasicAuth"] as const,
      },
    ].map((given) => receiveConnector({ ...given, httpBindings: [anywhere], explainRefusals: true })),
    sendConnectors: [smartHostConnector(sink.port)],
    users: ["app", "other"].map((name) => ({ name, passwordHash: passwordHash("secret") })),
  });
  url = urlOf("Open");
});
afterEach(() => sink.clear());
afterAll(async () => {
  await relay.stop();
  await sink.close();
});

function urlOf(connector: string): string {
  return `http://127.0.0.1:${relay.httpPortOf(connector)}`;
}
const post = (path: string, body: string | Buffer, headers: Record<string, string> = {}, at = url) =>
  fetch(`${at}${path}`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
const postRaw = (content: string, headers: Record<string, string> = {}, query = "", at = url) =>
  post(`/v1/emails/raw${query}`, content, { "content-type": "message/rfc822", ...headers }, at);
const basic = (user: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:secret`).toString("base64")}`,
});
const message = (...lines: string[]): string => [...lines, "", "Hello", ""].join("\r\n");
const paths = () => sink.messages.map(({ recipients }) => recipients.map(({ path }) => path));
const email = { from: "App <app@contoso.com>", to: ["you@d.test"], subject: "Grüße", text: "Hi" };

describe("the resend package, given another address", () => {
  const client = (at: string) => new Resend("re_123", { baseUrl: at });
  test("sends, with attachments and a key, and hears what became of it", async () => {
    const users = new Resend("x", { baseUrl: url });
    // Open asks nobody who they are; a key that is none would be refused.
    (users as unknown as { headers: Headers }).headers.delete("authorization");
    const payload = {
      ...email,
      html: "<img src=cid:logo>",
      replyTo: "r@contoso.com",
      tags: [{ name: "order", value: "4711" }],
      attachments: [
        { filename: "größe.txt", content: Buffer.from("hello") },
        { filename: "logo.png", content: "aGVsbG8=", contentId: "logo", contentType: "image/png" },
      ],
    };
    const first = await users.emails.send(payload, { idempotencyKey: "resend-1" });
    expect(first.error).toBeNull();
    const again = await users.emails.send(payload, { idempotencyKey: "resend-1" });
    expect(again.data).toEqual(first.data);
    const [sent] = await sink.waitFor(1);
    const read = await PostalMime.parse(sent!.content);
    expect([read.subject, read.text?.trim(), read.replyTo?.[0]?.address]).toEqual([
      "Grüße",
      "Hi",
      "r@contoso.com",
    ]);
    expect(read.attachments.map(({ filename }) => filename)).toEqual(["logo.png", "größe.txt"]);
    await expect
      .poll(async () => (await users.emails.get(first.data!.id)).data?.last_event)
      .toBe("delivered");
    const [entry] = await relay.relay.tracking.search({ eventIds: ["RECEIVE"], resultSize: 1 });
    expect(entry?.sourceContext).toMatch(/^[0-9A-F]{16};owner=source.*;tag\.order=4711$/);
    expect(sink.messages).toHaveLength(1);
  });

  test("is told why in its own form", async () => {
    const { data, error, headers } = await client(url).emails.send(email);
    expect(data).toBeNull();
    expect(error).toMatchObject({ name: "invalid_api_key", statusCode: 401 });
    expect(headers?.["content-type"]).toMatch(/problem\+json/);
  });
});

describe("curl", () => {
  test("posts JSON, and a message of 30 MB piece by piece", async () => {
    const json = ["-H", "Content-Type: application/json", "-d", JSON.stringify(email)];
    const { stdout } = await run("curl", ["-sS", "--fail-with-body", ...json, `${url}/emails`]);
    expect(JSON.parse(stdout)).toMatchObject({ recipients: [{ address: "you@d.test", status: "queued" }] });
    await sink.waitFor(1);
    sink.clear();
    const body = randomBytes(22 * 1024 * 1024)
      .toString("base64")
      .replaceAll(/.{76}/g, "$&\r\n");
    const file = join(relay.dataDirectory, "large.eml");
    await writeFile(file, `Subject: large\r\n\r\n${body}\r\n`);
    await run("curl", [
      "-sS",
      "--fail-with-body",
      "-HContent-Type: message/rfc822",
      "-HMail-From: <a@b.test>",
      "-HRcpt-To: <c@d.test>",
      "-HRcpt-To: e@d.test",
      "-XPOST",
      "-T",
      file,
      `${url}/v1/emails/raw`,
    ]);
    const [large] = await sink.waitFor(1);
    expect(paths()).toEqual([["c@d.test", "e@d.test"]]);
    const arrived = large!.content.subarray(large!.content.indexOf("Subject: large"));
    expect(createHash("sha256").update(arrived).digest("hex")).toBe(
      createHash("sha256").update(`Subject: large\r\n\r\n${body}\r\n`).digest("hex"),
    );
  });
});

describe("a message as it stands", () => {
  test.each<[string, string, Record<string, string>, string, string[], RegExp]>([
    [
      "its header names everybody, and Bcc goes",
      message("From: A <a@b.test>", "To: B <b@d.test>", "Cc: c@d.test", "Bcc: d@d.test", "Subject: s"),
      {},
      "",
      ["b@d.test", "c@d.test", "d@d.test"],
      /^From: A <a@b\.test>\r\nTo: B <b@d\.test>\r\nCc: c@d\.test\r\nSubject: s\r\n\r\nHello\r\n$/,
    ],
    [
      "nobody but Bcc, in lines that end in LF",
      "From: a@b.test\nBcc: d@d.test\n\nHello\n",
      {},
      "",
      ["d@d.test"],
      /^From: a@b\.test\r\nTo: undisclosed-recipients:;\r\n\r\nHello\r\n$/,
    ],
    [
      "an envelope in the request: the content is as it was",
      message("From: a@b.test", "To: b@d.test", "Bcc: d@d.test"),
      { "rcpt-to": "x@d.test" },
      "",
      ["x@d.test"],
      /^From: a@b\.test\r\nTo: b@d\.test\r\nBcc: d@d\.test\r\n\r\nHello\r\n$/,
    ],
    [
      "an envelope in the query",
      message("Subject: s"),
      {},
      "?from=%3C%3E&to=x@d.test&to=y@d.test",
      ["x@d.test", "y@d.test"],
      /^Subject: s/,
    ],
  ])("%s", async (_, content, headers, query, recipients, expected) => {
    expect((await postRaw(content, headers, query)).status).toBe(202);
    const [sent] = await sink.waitFor(1);
    expect(paths()).toEqual([recipients]);
    const text = sent!.content.toString();
    expect(text.replace(/^Received: .*\r\n(?:[ \t].*\r\n)*/, "")).toMatch(expected);
  });

  test("the same in JSON, in Base64", async () => {
    const raw = Buffer.from(message("From: a@b.test", "To: b@d.test", "Bcc: c@d.test")).toString("base64");
    expect((await post("/v1/emails", JSON.stringify({ raw }))).status).toBe(202);
    const [sent] = await sink.waitFor(1);
    expect([paths(), sent!.content.includes("Bcc")]).toEqual([[["b@d.test", "c@d.test"]], false]);
  });

  test.each([
    ["no sender", message("To: b@d.test"), /Mail-From is missing/],
    ["no recipients", message("From: a@b.test"), /Rcpt-To is missing/],
    ["a recipient that cannot be read", message("From: a@b.test", "To: b@d.test, <c"), /to cannot be read/],
    ["a message that was resent", message("From: a@b.test", "To: b@d.test", "Resent-To: c@d.test"), /resent/],
    ["no header", "Hello\r\n", /no field/],
  ])("%s", async (_, content, expected) => {
    const answer = await postRaw(content);
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ message: expect.stringMatching(expected) });
  });
});

describe("one request, one message", () => {
  test("the same key again: the same answer, whatever comes in between", async () => {
    const body = JSON.stringify(email);
    const key = { "idempotency-key": "k-1" };
    const [first, second] = await Promise.all([post("/v1/emails", body, key), post("/emails", body, key)]);
    const [one, two] = [await first.json(), await second.json()];
    expect([first.status, second.status, two]).toEqual([202, 202, one]);
    const replayed = [first, second].map(({ headers }) => headers.get("idempotency-replayed"));
    expect(replayed.filter((value) => value === "true")).toHaveLength(1);
    await sink.waitFor(1);
    const other = await post("/v1/emails", JSON.stringify({ ...email, subject: "x" }), key);
    expect([other.status, ((await other.json()) as { name: string }).name]).toEqual([
      409,
      "idempotency_key_reused",
    ]);
    expect((await post("/v1/emails", body, { "idempotency-key": "k-2" })).status).toBe(202);
    await sink.waitFor(2);
    expect((await post("/v1/emails", body, { "idempotency-key": "a b" })).status).toBe(400);
  });

  test("a raw one too; what was refused is no answer", async () => {
    const content = message("From: a@b.test", "To: b@d.test");
    const key = { "idempotency-key": "k-1" };
    const [first, second] = [await postRaw(content, key), await postRaw(content, key)];
    expect([first.status, await second.json()]).toEqual([202, await first.json()]);
    expect((await postRaw(`${content}x`, key)).status).toBe(409);
    const refused = await postRaw(message("From: a@b.test"), { "idempotency-key": "k-3" });
    expect(refused.status).toBe(422);
    expect((await postRaw(content, { "idempotency-key": "k-3" })).status).toBe(202);
    await sink.waitFor(2);
  });
});

test("partial: who is refused keeps the others from nothing, and is named", async () => {
  await relay.relay.reconfigure({
    ...relay.settings,
    acceptedDomains: [{ domain: "d.test", subdomains: false }],
  });
  const body = JSON.stringify({ ...email, to: ["a@d.test", "b@x.test"], partial: true });
  const answer = await post("/v1/emails", body, {}, urlOf("Closed"));
  expect(answer.status).toBe(202);
  expect(await answer.json()).toMatchObject({
    recipients: [
      { address: "a@d.test", status: "queued" },
      { address: "b@x.test", status: "refused", smtp: expect.stringMatching(/^550 5\.7\.54/) },
    ],
  });
  await sink.waitFor(1);
  expect(paths()).toEqual([["a@d.test"]]);
  await relay.relay.reconfigure(relay.settings);
});

test("a message is shown to who handed it in, and to nobody else", async () => {
  const at = urlOf("Users");
  const { id } = (await (await post("/v1/emails", JSON.stringify(email), basic("app"), at)).json()) as {
    id: string;
  };
  const get = (headers: Record<string, string>) => fetch(`${at}/v1/emails/${id}`, { headers });
  await sink.waitFor(1);
  await expect
    .poll(async () => ((await (await get(basic("app"))).json()) as { last_event: string }).last_event)
    .toBe("delivered");
  expect(await (await get(basic("app"))).json()).toMatchObject({
    id,
    from: "app@contoso.com",
    recipients: [{ address: "you@d.test", status: "delivered", last_error: null }],
  });
  expect((await get(basic("other"))).status).toBe(404);
  expect((await get({})).status).toBe(401);
  expect((await fetch(`${url}/v1/emails/${id}`)).status).toBe(404);
});

describe("the description", () => {
  test("is served to anybody", async () => {
    const answer = await fetch(`${urlOf("Users")}/openapi.json`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual(JSON.parse(JSON.stringify(submissionApi())));
  });

  test.each(Object.entries(emailExamples))("example %s is read without fault", (_, example) => {
    expect(readEmail(example)).toMatchObject({ kind: "raw" in example ? "raw" : "email" });
  });

  test("names nothing that is not there", () => {
    const document = JSON.stringify(submissionApi());
    const { schemas } = submissionApi().components;
    for (const [, name] of document.matchAll(/#\/components\/schemas\/(\w+)/g))
      expect(Object.keys(schemas)).toContain(name);
  });
});
