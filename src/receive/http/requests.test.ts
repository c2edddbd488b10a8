/** Which request is whose, what goes before all of them, and what stands around every answer. */
import { describe, expect, test } from "vitest";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import { rawRequest } from "../../testing/raw-http-client.ts";
import { createTestHttpDoor } from "../../testing/test-http-door.ts";
import type { HttpServices } from "./http-services.ts";

const json = JSON.stringify({ from: "a@s.test", to: "b@d.test", text: "Hi" });
const post = rawRequest("/v1/emails", json);
const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  `${method} ${path} HTTP/1.1\r\n${Object.entries({ host: "x", ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`;
const asked = async (
  octets: string | Buffer,
  connector: Partial<ReceiveConnectorSettings> = {},
  services: Partial<HttpServices> = {},
) => {
  const it = createTestHttpDoor(connector, services);
  const one = it.connect();
  one.send(octets);
  const answer = await one.answer();
  return { it, one, answer, name: answer.status < 300 ? "taken" : answer.json["name"] };
};

describe("a request is found by its path, and has the method and form of what is there", () => {
  test.each<[string, string | Buffer, number, string?]>([
    ["/emails", rawRequest("/emails", json), 202],
    ["a query", rawRequest("/v1/emails?", json), 202],
    ["as a proxy is asked", rawRequest("http://relay.test/v1/emails", json), 202],
    ["as a proxy is asked, in capitals", rawRequest("HTTPS://relay.test:443/v1/emails", json), 202],
    ["another folder", rawRequest("/x/v1/emails", json), 404, "not_found"],
    ["a slash behind", rawRequest("/v1/emails/", json), 404, "not_found"],
    ["a message that is no number", get("/v1/emails/7x"), 404, "not_found"],
    ["a message that nobody knows", get("/emails/7"), 404, "not_found"],
    ["a number beyond all messages", get("/v1/emails/12345678901234567"), 404, "not_found"],
    ["another name", get("/v1/openapi.json"), 404, "not_found"],
    ["messages cannot be listed", get("/v1/emails"), 405, "method_not_allowed"],
    ["nor one be changed", rawRequest("/v1/emails/7", json), 405, "method_not_allowed"],
    ["nor the document", rawRequest("/openapi.json", json), 405, "method_not_allowed"],
    ["HTTP/1.0 without Host", "GET /emails/7 HTTP/1.0\r\n\r\n", 404, "not_found"],
    ["HTTP/1.1 without Host", "GET /openapi.json HTTP/1.1\r\n\r\n", 400, "validation_error"],
    ["two hosts", get("/openapi.json", { Host: "y" }), 400, "validation_error"],
    [
      "a media type in capitals",
      rawRequest("/emails", json, { "content-type": "Application/JSON ; x=y" }),
      202,
    ],
    ["a coding that is none", rawRequest("/emails", json, { "content-encoding": " Identity" }), 202],
    ["no media type", rawRequest("/emails", json, { "content-type": "" }), 415, "unsupported_media_type"],
    ["a message as JSON", rawRequest("/emails/raw", json), 415, "unsupported_media_type"],
    [
      "chunks",
      get("/emails", { "Content-Type": "application/json", "Transfer-Encoding": "Chunked" }, "POST") +
        `${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`,
      202,
    ],
    ["an expectation that is none", rawRequest("/emails", json, { expect: "miracles" }), 202],
    ["a query where there is none", rawRequest("/emails?to=x", json), 400, "validation_error"],
    ["no JSON", rawRequest("/emails", json.slice(1)), 400, "validation_error"],
  ])("%s", async (_, octets, status, name = "taken") => {
    const { answer, name: said } = await asked(octets);
    expect([answer.status, said]).toEqual([status, name]);
  });

  test.each([
    ["/v1/emails", "POST"],
    ["/v1/emails/raw", "POST"],
    ["/v1/emails/7", "GET"],
    ["/openapi.json", "GET"],
  ])("%s says that it is for %s", async (path, method) => {
    const { answer } = await asked(get(path, {}, "PUT"), { explainRefusals: true });
    expect([answer.status, answer.headers["allow"]]).toEqual([405, method]);
    expect(answer.json["detail"]).toContain(`is for ${method}`);
  });

  test("of a path that is none its first part is repeated", async () => {
    const { answer } = await asked(get(`/${"x".repeat(70)}`), { explainRefusals: true });
    expect(answer.json["detail"]).toContain(`there is no /${"x".repeat(59)} here`);
  });

  test("HEAD is answered as GET, without what it is about, and the next request is read", async () => {
    const it = createTestHttpDoor();
    const one = it.connect();
    one.send(get("/openapi.json", {}, "HEAD"));
    const { status, headers } = await one.answer(false);
    expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
    expect(Number(headers["content-length"])).toBeGreaterThan(10_000);
    one.send(post);
    expect((await one.answer()).status).toBe(202);
  });

  test("four ask what became of messages at a time, the others in their order", async () => {
    const waiting: (() => void)[] = [];
    const it = createTestHttpDoor(
      {},
      { history: { search: () => new Promise((resolve) => waiting.push(() => resolve([]))) } },
    );
    const all = Array.from({ length: 6 }, (_, n) => {
      const one = it.connect();
      one.send(get(`/v1/emails/${n}`));
      return one;
    });
    await it.clock.settle();
    expect(waiting).toHaveLength(4);
    waiting.shift()?.();
    expect((await all[0]!.answer()).status).toBe(404);
    expect(waiting).toHaveLength(4);
    for (let n = 0; n < 5; n++) {
      waiting.shift()?.();
      await it.clock.settle();
    }
    for (const one of all.slice(1)) expect((await one.answer()).status).toBe(404);
  });
});

describe("an answer", () => {
  test("is nobody's to keep, and says what it is and how long", async () => {
    const { answer } = await asked(post);
    expect(answer.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "content-length": `${Buffer.byteLength(answer.text)}`,
      "cache-control": "no-store",
      location: `/v1/emails/${String(answer.json["id"])}`,
    });
    expect("connection" in answer.headers && answer.headers["connection"] !== "keep-alive").toBe(false);
  });

  test.each<[string, Partial<ReceiveConnectorSettings>, string]>([
    ["with passwords", { authMechanism: ["BasicAuth"] }, 'Bearer, Basic realm="Weir", charset="UTF-8"'],
    ["without", { authMechanism: ["OAuth"] }, "Bearer"],
  ])("of a log-on that is missing says how to log on, %s", async (_, connector, challenge) => {
    const { answer } = await asked(post, { permissionGroups: ["ExchangeUsers"], ...connector });
    expect([answer.status, answer.headers["www-authenticate"]]).toEqual([401, challenge]);
  });

  test.each<[string, Partial<ReceiveConnectorSettings>, string | undefined]>([
    ["who is told limits", { explainRefusals: true }, "3"],
    ["nobody else", { explainRefusals: false }, undefined],
  ])("tells what is left of the rate to %s", async (_, connector, left) => {
    const messagesLeft = () => Promise.resolve({ limit: 5, remaining: 3, freesInSeconds: 12 });
    const { answer } = await asked(post, connector, { messagesLeft });
    expect([answer.status, answer.headers["ratelimit-remaining"]]).toEqual([202, left]);
    expect(answer.headers["ratelimit-limit"]).toBe(left && "5");
    expect(answer.headers["ratelimit-reset"]).toBe(left && "12");
  });

  test("is given although nobody knows what is left: the message is kept", async () => {
    const messagesLeft = () => Promise.reject(new Error("away"));
    const { answer, it } = await asked(post, { explainRefusals: true }, { messagesLeft });
    expect([answer.status, it.spool.size, "ratelimit-limit" in answer.headers]).toEqual([202, 1, false]);
  });

  test("is the last one where protocol errors are too many", async () => {
    const it = createTestHttpDoor({ maxProtocolErrors: 2 });
    const one = it.connect();
    const said: unknown[] = [];
    for (let n = 0; n < 3; n++) {
      one.send(rawRequest("/emails", json, { authorization: "Digest x" }));
      const { status, headers } = await one.answer();
      said.push([status, headers["connection"] === "close"]);
    }
    expect(said).toEqual([
      [401, false],
      [401, false],
      [401, true],
    ]);
    expect(one.ended).toBe("said");
  });
});

describe("a refusal is held back", () => {
  const refusing = { anonymousRelay: false, tarpitInterval: 5_000 } as const;
  const tarpitted = (
    services: Partial<HttpServices> = {},
    connector: Partial<ReceiveConnectorSettings> = refusing,
  ) => {
    const left: string[] = [];
    const it = createTestHttpDoor(connector, {
      leftInTarpit: ({ source }) => void left.push(source),
      ...services,
    });
    const one = it.connect();
    one.send(post);
    return { it, one, left };
  };

  test("for tarpitInterval, and shown so", async () => {
    const { it, one, left } = tarpitted();
    await it.clock.advance(4_999);
    expect([await one.answers(), one.connection?.activity]).toEqual([[], "tarpit"]);
    await it.clock.advance(1);
    expect((await one.answer()).status).toBe(403);
    expect([one.connection?.activity, left]).toEqual(["idle", []]);
  });

  test.each<[string, (one: ReturnType<typeof tarpitted>["one"]) => void]>([
    ["hangs up", (one) => one.hangUp()],
    ["sends no more", (one) => one.finish()],
  ])("and who %s meanwhile is not worth waiting for next time", async (_, go) => {
    const { it, one, left } = tarpitted();
    await it.clock.advance(1_000);
    go(one);
    await it.clock.settle();
    expect([left, it.freed.length, await one.answers()]).toEqual([["127.0.0.1"], 2, []]);
  });

  test("every answer to who left before; leaving one that is no refusal for good is not held against it", async () => {
    const full = { maxRecipientsPerMessage: 0, tarpitInterval: 5_000 } as const;
    const { it, one, left } = tarpitted({ isDiscredited: () => true }, full);
    await it.clock.advance(1_000);
    expect(await one.answers()).toEqual([]);
    one.hangUp();
    await it.clock.settle();
    expect([left, it.freed.length]).toEqual([[], 2]);
  });

  test("no longer than until the relay stops", async () => {
    const { it, one } = tarpitted();
    await it.clock.advance(1_000);
    void it.door.stop(0);
    await it.clock.advance(0);
    expect((await one.answer()).status).toBe(403);
    expect(one.ended).toBe("said");
  });
});

test("who leaves while its message waits for its minute is not waited for", async () => {
  let told: (() => void) | undefined;
  const it = createTestHttpDoor(
    {},
    {
      refuseMessage: (_, presence) =>
        new Promise((resolve) => {
          told = () => resolve({ refused: "messageRate" });
          presence.onGone(() => told?.());
          if (presence.isGone) told();
        }),
    },
  );
  for (const leave of ["hangUp", "finish"] as const) {
    const one = it.connect();
    one.send(post);
    await it.clock.settle();
    expect(one.connection?.activity).toBe("working");
    one[leave]();
    await it.clock.settle();
    expect(it.spool.size).toBe(0);
    expect(one.connection).toBeUndefined();
  }
});

test("who leaves in the middle of a body has handed in nothing, and is no fault", async () => {
  const it = createTestHttpDoor();
  for (const path of ["/emails", "/emails/raw?from=a@b.test&to=c@d.test"])
    for (const leave of ["hangUp", "finish"] as const) {
      const one = it.connect();
      const type = path === "/emails" ? "application/json" : "message/rfc822";
      one.send(
        rawRequest(path, `${json}\r\n\r\n${"x".repeat(900)}`, { "content-type": type }).subarray(0, -5),
      );
      await it.clock.settle();
      one[leave]();
      await it.clock.advance(10_000);
      expect(one.connection).toBeUndefined();
    }
  expect([it.spool.size, it.events.map(({ name }) => name)]).toEqual([
    0,
    expect.not.arrayContaining(["RelayFault"]),
  ]);
});
