/** Webhooks as an administrator sets them up and a receiver takes them, over TLS; signatures judged by Standard Webhooks' own library. */
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Json } from "../../src/admin/contract/values.ts";
import { catalogue, type EventName } from "../../src/events/catalogue.ts";
import { type AdministeredRelay, startAdministeredRelay } from "../../src/testing/administered-relay.ts";
import { freePort } from "../../src/testing/free-port.ts";
import { issueServerCertificate } from "../../src/testing/test-authority.ts";
import { eventToTell } from "../../src/webhooks/event-to-tell.ts";

const newKey = (): string => `whsec_${randomBytes(32).toString("base64")}`;
const [key, olderKey] = [newKey(), newKey()];

let relay: AdministeredRelay;
let receiver: Server;
let status = 200;
const received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
let heard: () => void = () => undefined;

beforeAll(async () => {
  const certificate = await issueServerCertificate(undefined, { names: ["localhost"] });
  receiver = createServer(certificate, (request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (text: string) => (body += text));
    request.on("end", () => {
      received.push({ headers: request.headers, body });
      response.writeHead(status, { location: "https://elsewhere.test/" }).end("thanks");
      heard();
    });
  }).listen(0);
  await once(receiver, "listening");
  relay = await startAdministeredRelay(
    'receiveConnectors:\n  - { name: AppRelay, bindings: ["127.0.0.1:0"], remoteIpRanges: ["127.0.0.1"], permissionGroups: [AnonymousUsers] }\n',
  );
  const beside = (name: string): string => join(relay.file, "..", name);
  await writeFile(beside("ca.pem"), certificate.cert);
  await writeFile(beside("key"), `${key}\n${olderKey}\n`);
  await writeFile(beside("other"), `${newKey()}\n`);
  await writeFile(beside("authorization"), "Bearer s3cret\n");
  await writeFile(
    beside("url"),
    `https://localhost:${(receiver.address() as AddressInfo).port}/hook/s3cret-path\n`,
  );
});
afterAll(async () => {
  await relay.stop();
  receiver.close();
  receiver.closeAllConnections();
});

const nextRequest = async (): Promise<(typeof received)[number]> => {
  const count = received.length;
  const heardOne = new Promise<void>((resolve) => (heard = resolve));
  if (received.length === count) await heardOne;
  return received.at(-1) as (typeof received)[number];
};

test("set up, tried, told, and its state shown, without a secret anywhere", async () => {
  const { client } = relay;
  await client.call("newWebhook", {
    name: "Alarms",
    settings: {
      urlFile: "url",
      secretFile: "key",
      authorizationFile: "authorization",
      caFile: "ca.pem",
      groupWait: "0s",
      groupInterval: "1s",
    },
    whatIf: false,
  });
  expect(await client.call("testWebhook", { name: "alarms" })).toMatchObject({
    name: "Alarms",
    ok: true,
    status: 200,
    answer: "200 thanks",
  });

  const coming = nextRequest();
  relay.relay.events.emit("SenderNew", {
    who: "10.0.0.7 (HELO app7)",
    what: "was seen first today",
    source: "10.0.0.7",
  });
  const { headers, body } = await coming;
  for (const one of [key, olderKey])
    expect(new Webhook(one).verify(body, headers as Record<string, string>)).toMatchObject({
      type: "weir.events",
      data: {
        relay: "relay.test",
        events: [{ id: 20_410, name: "SenderNew", fields: { source: "10.0.0.7" } }],
      },
    });
  expect(() => new Webhook(newKey()).verify(body, headers as Record<string, string>)).toThrow();
  expect(() => new Webhook(key).verify(`${body} `, headers as Record<string, string>)).toThrow();
  expect(headers).toMatchObject({ authorization: "Bearer s3cret", "content-type": "application/json" });

  // The answer is with the relay before another one makes it complain.
  const taken = async () => (await client.call("listWebhooks", {})).webhooks[0]?.status.takenRequests;
  await expect.poll(taken).toBe(2);
  status = 302;
  expect(await client.call("testWebhook", { name: "Alarms" })).toMatchObject({
    ok: false,
    status: 302,
    answer: "302 (a redirect, which is not followed)",
  });
  status = 200;

  const listed = await client.call("listWebhooks", {});
  expect(listed.webhooks[0]).toMatchObject({
    name: "Alarms",
    status: { waitingEvents: 0, lastError: "302 (a redirect, which is not followed)", takenRequests: 2 },
    settings: { events: ["applications"], url: null, groupWait: 0 },
  });
  expect(JSON.stringify(listed)).not.toMatch(/s3cret|whsec_/);
  const { text } = await (await relay.relay.exposition()).text().then((all) => ({ text: all }));
  expect(text).toContain('weir_webhook_requests_total{webhook="Alarms",result="taken"} 2');
  expect(relay.events.filter(({ name }) => name === "RelayFault")).toEqual([]);
});

test("without the CA it is not told; a URL's path is not shown; what cannot be is refused with its place", async () => {
  const { client } = relay;
  const url = `https://localhost:${(receiver.address() as AddressInfo).port}/hook/s3cret-path`;
  await client.call("newWebhook", { name: "Open", settings: { url, events: ["errors"] }, whatIf: false });
  const before = received.length;
  expect(await client.call("testWebhook", { name: "Open" })).toMatchObject({
    ok: false,
    status: null,
    answer: expect.stringMatching(/self.signed/),
  });
  expect(received.length).toBe(before);
  const { webhooks } = await client.call("listWebhooks", {});
  expect(webhooks[1]?.settings["url"]).toMatch(/^https:\/\/localhost:\d+\/…[0-9a-f]{6}$/);
  const refused: readonly (readonly [Readonly<Record<string, Json>>, RegExp])[] = [
    [{}, /webhooks\[2\]\.url: give url or urlFile/],
    [{ url: "http://example.com/x" }, /webhooks\[2\]\.url: .*clear text/],
    [{ url, events: ["SenderNews"] }, /webhooks\[2\]\.events\[0\]: .*is no event/],
    [{ url, events: ["77777"] }, /no event "77777"/],
    [{ url, secretFile: "url" }, /webhooks\[2\]\.secretFile: .*whsec_/],
    [{ url, proxy: "https://proxy.test" }, /no proxy/],
  ];
  for (const [settings, fault] of refused) {
    const refusal = await client
      .call("newWebhook", { name: "Third", settings: { ...settings }, whatIf: false })
      .then(String, String);
    expect(refusal).toMatch(fault);
  }
  await client.call("removeWebhook", { name: "Open", whatIf: false });
  expect((await client.call("listWebhooks", {})).webhooks.length).toBe(1);
});

/** The blocks of docs/webhooks.md in a language. */
async function documented(language: string): Promise<string[]> {
  const text = await readFile(new URL("../../docs/webhooks.md", import.meta.url), "utf8");
  return Array.from(text.matchAll(/```(\w+)\n([\s\S]*?)```/g), ([, of, block = ""]) => ({
    of,
    block,
  })).flatMap(({ of, block }) => (of === language ? [block] : []));
}

test("the bodies that are documented are those that are sent", async () => {
  const bodies = (await documented("json")).map((block) => JSON.parse(block) as DocumentedBody);
  const told = bodies.flatMap(({ data }) => data.events);
  expect(told.map(({ id }) => id)).toEqual([
    1021, 20_410, 20_411, 20_412, 20_413, 20_414, 20_415, 20_416, 20_424,
  ]);
  for (const event of told) {
    const record = {
      name: event.name,
      definition: catalogue[event.name],
      at: new Date(event.at),
      fields: event.fields,
    };
    const { count: _, firstAt: _f, at: _a, ...shown } = event;
    expect(shown).toEqual(eventToTell(record));
  }
});

interface DocumentedBody {
  readonly data: {
    readonly events: (ReturnType<typeof eventToTell> & {
      readonly name: EventName;
      readonly at: string;
      readonly count?: number;
      readonly firstAt?: string;
    })[];
  };
}

const hasPython = spawnSync("python3", ["--version"]).status === 0;

test.skipIf(!hasPython)(
  "the receiver that is documented takes what is signed, and nothing else",
  async () => {
    const [program = ""] = await documented("python");
    const folder = join(relay.file, "..");
    const port = await freePort();
    await writeFile(
      join(folder, "receiver.py"),
      program.replace("8080", String(port)).replace("webhook-secret", "key"),
    );
    const python = spawn("python3", ["receiver.py"], { cwd: folder });
    try {
      let said = "";
      python.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
      await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/`), { interval: 50 });
      const settings = { url: `http://127.0.0.1:${port}/`, secretFile: "key" };
      await relay.client.call("newWebhook", { name: "Python", settings, whatIf: false });
      expect(await relay.client.call("testWebhook", { name: "Python" })).toMatchObject({
        ok: true,
        status: 204,
      });
      await expect.poll(() => said).toContain("Information This is a test of webhook Python");
      await relay.client.call("setWebhook", {
        name: "Python",
        settings: { secretFile: "other" },
        whatIf: false,
      });
      expect(await relay.client.call("testWebhook", { name: "Python" })).toMatchObject({
        ok: false,
        status: 401,
      });
    } finally {
      python.kill();
    }
  },
);
