/** A message as a request has it, on its way into the spool: its envelope, its key, and how the outcome is said. */
import { describe, expect, test } from "vitest";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import { submissionQueue } from "../../spool/spool.ts";
import { rawRequest } from "../../testing/raw-http-client.ts";
import { readContent } from "../../testing/spool-messages.ts";
import { createTestHttpDoor, type TestHttpDoor } from "../../testing/test-http-door.ts";

const email = { from: "a@s.test", to: "b@d.test", text: "Hi" };
const header = "From: a@s.test\r\nTo: b@d.test\r\nBcc: c@d.test\r\n";
const content = `${header}\r\nHello\r\n`;
const post = (given: object = {}, headers: Record<string, string> = {}) =>
  rawRequest("/v1/emails", JSON.stringify({ ...email, ...given }), headers);
const raw = (query = "", headers: Record<string, string> = {}, octets: string | Buffer = content) =>
  rawRequest(`/v1/emails/raw${query}`, octets, { "content-type": "message/rfc822", ...headers });

async function ask(it: TestHttpDoor, octets: Buffer, address?: string) {
  const one = it.connect(address);
  one.send(octets);
  const { status, headers, json } = await one.answer();
  return { one, status, headers, json, said: [status, json["name"] ?? "taken"] };
}
async function asked(octets: Buffer, connector: Partial<ReceiveConnectorSettings> = {}) {
  const it = createTestHttpDoor({ explainRefusals: true, ...connector });
  return { it, ...(await ask(it, octets)) };
}
async function kept(it: TestHttpDoor) {
  const [claim] = await it.spool.claim(submissionQueue, 1, it.clock.now());
  if (claim === undefined) throw new Error("nothing was kept");
  const text = (await readContent(claim.content)).toString("latin1");
  return { ...claim.message, text: text.replace(/^Received: .*\r\n(?:[ \t].*\r\n)*/, "") };
}

describe("a key", () => {
  test.each<[string, Record<string, string>, unknown[]]>([
    ["of 256 characters", { "idempotency-key": `!${"~".repeat(255)}` }, [202, "taken"]],
    ["of more", { "idempotency-key": "x".repeat(257) }, [400, "validation_error"]],
    ["of none", { "idempotency-key": "" }, [400, "validation_error"]],
    ["with a space", { "idempotency-key": "a b" }, [400, "validation_error"]],
    ["twice", { "idempotency-key": "a", "Idempotency-Key": "a" }, [400, "validation_error"]],
  ])("%s", async (_, headers, expected) => {
    expect((await asked(post({}, headers))).said).toEqual(expected);
    expect((await asked(raw("", headers))).said).toEqual(expected);
  });

  test("is another one by another way, of another client, and after a day", async () => {
    const it = createTestHttpDoor({ allowPlainHttp: true });
    const key = { "idempotency-key": "k" };
    const replayed = async (octets: Buffer, address?: string) =>
      (await ask(it, octets, address)).headers["idempotency-replayed"];
    expect(await replayed(post({}, key))).toBeUndefined();
    expect(await replayed(raw("", key))).toBeUndefined();
    expect(await replayed(post({}, key), "10.0.0.9")).toBeUndefined();
    await it.clock.advance(86_400_000 - 1);
    expect(await replayed(post({}, key))).toBe("true");
    await it.clock.advance(1);
    expect(await replayed(post({}, key))).toBeUndefined();
    expect(it.spool.size).toBe(4);
  });

  test.each<[string, string]>([
    ["other recipients", "?to=x@d.test"],
    ["another sender", "?from=x@s.test"],
    ["another priority", "?priority=high"],
    ["REQUIRETLS", "?require_tls=true"],
    ["a part of them", "?partial=true"],
  ])("is of one request: the same content with %s is another", async (_, query) => {
    const it = createTestHttpDoor();
    const key = { "idempotency-key": "k" };
    const { json: first } = await ask(it, raw("", key));
    const { json: again, headers } = await ask(it, raw("", key));
    expect([again, headers["idempotency-replayed"], headers["location"]]).toEqual([
      first,
      "true",
      `/v1/emails/${String(first["id"])}`,
    ]);
    const other = await ask(it, raw(query, key));
    expect(other.said).toEqual([409, "idempotency_key_reused"]);
    expect(it.spool.size).toBe(1);
  });

  test("whose request is still under way is waited for, ten seconds", async () => {
    const it = createTestHttpDoor();
    const accept = it.spool.accept.bind(it.spool);
    let keep: (() => void) | undefined;
    it.spool.accept = async (...given) => {
      await new Promise<void>((resolve) => (keep = resolve));
      return accept(...given);
    };
    const [first, second] = [it.connect(), it.connect()];
    for (const one of [first, second]) one.send(post({}, { "idempotency-key": "k" }));
    await it.clock.advance(9_999);
    expect(await second.answers()).toEqual([]);
    await it.clock.advance(1);
    const { status, headers, json } = await second.answer();
    expect([status, json["name"], headers["retry-after"]]).toEqual([409, "request_in_progress", "1"]);
    keep?.();
    expect((await first.answer()).status).toBe(202);
  });
});

describe("REQUIRETLS", () => {
  test.each<[string, string, Partial<ReceiveConnectorSettings>, unknown[]]>([
    ["from this machine", "127.0.0.1", {}, [202, "taken"]],
    ["from another one in clear text", "10.0.0.9", {}, [422, "validation_error"]],
    [
      "where it is not offered",
      "127.0.0.1",
      { requireTlsExtensionEnabled: false },
      [422, "validation_error"],
    ],
  ])("%s", async (_, address, connector, expected) => {
    const it = createTestHttpDoor({ allowPlainHttp: true, ...connector });
    expect((await ask(it, post({ require_tls: true }), address)).said).toEqual(expected);
    expect((await ask(it, raw("?require_tls=true"), address)).said).toEqual(expected);
    expect((await ask(it, post({ require_tls: false }), address)).said).toEqual([202, "taken"]);
    if (expected[0] === 202) expect(await kept(it)).toMatchObject({ envelope: { tls: "required" } });
  });
});

describe("what the answer says", () => {
  test("of all recipients none is taken where one is refused: what refuses for good gives the status", async () => {
    const to = ["b@d.test", "refuse-451@d.test", "refuse-550@d.test"];
    const { json, said, it } = await asked(post({ to }), { capture: true });
    expect([said, it.spool.size]).toEqual([[422, "validation_error"], 0]);
    expect(json["recipients"]).toMatchObject(to.slice(1).map((address) => ({ address, status: "refused" })));
    expect((await asked(post({ to: to.slice(0, 2) }), { capture: true })).said).toEqual([
      503,
      "temporarily_unavailable",
    ]);
  });

  test("addresses stand in it as they are, with no brackets", async () => {
    const { json } = await asked(raw("?to=%3Cb@d.test%3E&to=%3Cno%3E&partial=true"), {
      anonymousRelay: true,
    });
    expect(json["recipients"]).toMatchObject([
      { address: "b@d.test", status: "queued" },
      { address: "no", status: "refused", smtp: expect.stringMatching(/^5/) },
    ]);
  });

  test.each<[string, string, string | null]>([
    ["as it stands", "<1@a>", "<1@a>"],
    ["of 500 characters", `<${"x".repeat(498)}>`, `<${"x".repeat(498)}>`],
    ["of more", `<${"x".repeat(499)}>`, null],
    ["that is not ASCII", "<\u00fc@a>", null],
  ])("the Message-ID, %s", async (_, id, expected) => {
    const { json } = await asked(raw("", {}, `Message-ID: ${id}\r\n${content}`));
    expect(json["message_id"]).toBe(expected);
  });

  test("the Message-ID that the relay adds, the first time and again", async () => {
    const it = createTestHttpDoor({ addMissingMessageId: true });
    const first = await ask(it, raw("", { "idempotency-key": "k" }));
    expect(first.json["message_id"]).toMatch(/^<.+@relay\.test>$/);
    const again = await ask(it, raw("", { "idempotency-key": "k" }));
    expect(again.json).toEqual(first.json);
    expect((await kept(it)).text).toContain(`Message-ID: ${String(first.json["message_id"])}\r\n`);
    expect((await asked(raw())).json["message_id"]).toBeNull();
  });

  test("comes as late as a captured recipient asks", async () => {
    const it = createTestHttpDoor({ capture: true });
    const one = it.connect();
    one.send(post({ to: ["b@d.test", "slow-3s@d.test", "slow-2s@d.test"] }));
    await it.clock.advance(2_999);
    expect([await one.answers(), it.spool.size]).toEqual([[], 1]);
    await it.clock.advance(1);
    expect((await one.answer()).status).toBe(202);
    const open = await asked(post({ to: ["slow-3s@d.test"] }));
    expect(open.status).toBe(202);
  });
});

test("labels stand in the tracking log behind whose message it is", async () => {
  const { it } = await asked(post({ tags: [{ name: "order", value: "47;11" }], metadata: { "a b": "c=d" } }));
  await it.clock.settle();
  expect(it.tracked[0]?.context).toMatch(
    /^\w+;owner=source%20127\.0\.0\.1%20apprelay;tag\.order=47%3B11;tag\.a%20b=c%3Dd$/,
  );
});

describe("a message as it stands", () => {
  test("keeps what it is, whatever its pieces; Bcc goes where its header is the envelope", async () => {
    const it = createTestHttpDoor();
    for (const [query, size, expected] of [
      ["", 1, `From: a@s.test\r\nTo: b@d.test\r\n\r\nHello\r\n`],
      ["?to=x@d.test", 3, content],
      ["?from=x@s.test&to=x@d.test", 1_000, content],
    ] as const) {
      const one = it.connect();
      const octets = raw(query);
      const body = octets.length - content.length;
      one.send(octets.subarray(0, body));
      for (let at = body; at < octets.length; at += size) {
        one.send(octets.subarray(at, at + size));
        if (size > 1 || at % 10 === 0) await it.clock.settle();
      }
      expect((await one.answer()).status).toBe(202);
      const { text, envelope } = await kept(it);
      expect([text, envelope.reversePath]).toEqual([
        expected,
        query.includes("from") ? "x@s.test" : "a@s.test",
      ]);
      expect(envelope.recipients.map(({ forwardPath }) => forwardPath)).toEqual(
        query === "" ? ["b@d.test", "c@d.test"] : ["x@d.test"],
      );
      expect(envelope.body).toBe("8BITMIME");
    }
  });

  test.each<[string, Buffer, unknown[], Partial<ReceiveConnectorSettings>?]>([
    ["two senders", raw("?from=a@s.test&from=a@s.test"), [422, "validation_error"]],
    [
      "one in the query, one beside it",
      raw("?from=a@s.test", { "mail-from": "a@s.test" }),
      [422, "validation_error"],
    ],
    ["an unknown name in the query", raw("?too=b@d.test"), [400, "validation_error"]],
    ["a name of the prototype", raw("?constructor=b"), [400, "validation_error"]],
    ["partial that is no answer", raw("?partial=yes"), [400, "validation_error"]],
    ["spaces around its addresses", raw("?to=%20b@d.test%20", { "mail-from": " a@s.test " }), [202, "taken"]],
    ["no sender but Sender", raw("", {}, `Sender: x@s.test\r\n${content}`), [202, "taken"]],
    [
      "more than is taken, by its length",
      raw("", {}, content.padEnd(70_000)),
      [413, "message_too_large"],
      { maxMessageSize: 65_536 },
    ],
    ["a header within its limit", raw("", {}, content), [202, "taken"], { maxHeaderSize: header.length + 2 }],
    [
      "a header beyond it",
      raw("", {}, content),
      [413, "header_too_large"],
      { maxHeaderSize: header.length - 1 },
    ],
    [
      "a header without an end",
      raw("", {}, `X: ${"y".repeat(9_000)}`),
      [413, "header_too_large"],
      { maxHeaderSize: 4_096 },
    ],
    ["a header without a body", raw("", {}, header), [202, "taken"]],
  ])("with %s", async (_, octets, expected, connector) => {
    expect((await asked(octets, connector)).said).toEqual(expected);
  });

  test.each<[string, string, string]>([
    ["Mail-From", "", "To: b@d.test\r\n\r\n"],
    ["Rcpt-To", "", "From: a@s.test\r\n\r\n"],
    ["Rcpt-To", "?from=a@s.test", "Subject: x\r\n\r\n"],
    ["Mail-From", "?to=b@d.test", "Subject: x\r\n\r\n"],
  ])("says that %s is missing (%s)", async (path, query, octets) => {
    const { json, said } = await asked(raw(query, {}, octets));
    expect(said).toEqual([422, "validation_error"]);
    expect(json["errors"]).toMatchObject([{ path, message: expect.stringMatching(/^is missing/) }]);
  });

  test("goes as it was asked for in the query", async () => {
    const { it } = await asked(raw("?priority=high&partial=false"));
    const { origin, envelope } = await kept(it);
    expect([origin.priority, envelope.tls]).toEqual(["High", undefined]);
  });
});

describe("JSON", () => {
  test.each<[string, Buffer, unknown[], Partial<ReceiveConnectorSettings>?]>([
    [
      "larger than its message may be in Base64",
      post({ text: "x".repeat(1_200_000) }),
      [413, "message_too_large"],
      { maxMessageSize: 65_536 },
    ],
    [
      "whose message is too large",
      post({ text: "x\n".repeat(40_000) }),
      [413, "message_too_large"],
      { maxMessageSize: 65_536 },
    ],
    [
      "with a message in Base64 that is too large",
      rawRequest("/v1/emails", JSON.stringify({ raw: Buffer.alloc(66_000, "x").toString("base64") })),
      [413, "message_too_large"],
      { maxMessageSize: 65_536 },
    ],
    [
      "with a message in Base64",
      rawRequest("/v1/emails", JSON.stringify({ raw: Buffer.from(content).toString("base64") })),
      [202, "taken"],
    ],
  ])("%s", async (_, octets, expected, connector) => {
    expect((await asked(octets, connector)).said).toEqual(expected);
  });

  test("that goes on beyond its limit is not read to its end", async () => {
    const it = createTestHttpDoor({ maxMessageSize: 65_536 });
    const one = it.connect();
    one.send(
      "POST /emails HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const chunk = Buffer.concat([Buffer.from("40000\r\n"), Buffer.alloc(0x40000, " "), Buffer.from("\r\n")]);
    for (let n = 0; n < 5; n++) one.send(chunk);
    const { status, json } = await one.answer();
    expect([status, json["name"]]).toEqual([413, "message_too_large"]);
  });
});
