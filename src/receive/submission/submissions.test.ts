/** A message that comes by another door than SMTP meets what one of a session meets. */
import { describe, expect, test } from "vitest";
import type { PressureVerdict } from "../../core/policy/back-pressure.ts";
import type { RightsOwner } from "../../core/policy/client-rights.ts";
import { parseSenderPattern } from "../../core/policy/sender-pattern.ts";
import { parsed } from "../../core/units/parsed.ts";
import { submissionQueue } from "../../spool/spool.ts";
import { readContent } from "../../testing/spool-messages.ts";
import { createTestSubmissions, type TestSubmissions } from "../../testing/test-submissions.ts";
import type { SubmittedContent, SubmittedEnvelope } from "./submission.ts";

const content = [Buffer.from("Subject: Hi\r\nMessage-ID: <1@a>\r\n\r\n"), Buffer.from(".one\r\n")];
const envelope: SubmittedEnvelope = {
  mailFrom: "a@s.test",
  recipients: [{ address: "b@d.test" }],
  body: "8BITMIME",
};

async function submit(
  it: TestSubmissions,
  given: Partial<SubmittedEnvelope> = {},
  octets: SubmittedContent = content,
) {
  const outcome = await it.submissions.submit(it.submitter, { ...envelope, ...given }, octets);
  const codes =
    outcome.kind === "refused"
      ? outcome.refusals.map(({ recipient, reply }) => [recipient, reply.code, reply.told.kind])
      : undefined;
  return { outcome, codes };
}

test("who hands in is what its door says of it, and no more", () => {
  const it = createTestSubmissions();
  const { connector, peer } = it.submitter;
  const tls = { protocol: "TLSv1.3", cipher: "x" };
  const common = { door: "HTTP", connector, peer, receivedProtocol: "HTTPS" } as const;
  const known = it.submissions.submitter({
    ...common,
    user: "app",
    mechanism: "Basic",
    tls,
    connection: 7,
    helloName: "till",
  });
  expect(known).toMatchObject({
    authenticatedUser: "app",
    mechanism: "Basic",
    tls,
    connection: 7,
    hello: { verb: "EHLO", name: "till" },
    receivedProtocol: "HTTPS",
    messages: 0,
  });
  const anybody = it.submissions.submitter(common);
  expect(anybody).toMatchObject({
    authenticatedUser: undefined,
    hello: undefined,
    tls: undefined,
    connection: 0,
  });
  for (const name of ["mechanism", "apiKey", "application"]) expect(name in anybody).toBe(false);
  // An account has the rights of accounts, where its door knows no better.
  expect([anybody.rights.submit, known.rights.submit]).toEqual([true, false]);
});

describe("by a key", () => {
  const owner = (rights: RightsOwner["rights"], application?: string): RightsOwner => ({
    kind: "key",
    name: "Shop",
    rights,
    application,
  });
  const shop = { name: "Shop mail", addresses: [], users: [], recipientRateLimit: 2 };
  const byKey = (it: TestSubmissions, given: RightsOwner) =>
    it.submissions.submitter({
      door: "HTTP",
      connector: it.submitter.connector,
      peer: it.submitter.peer,
      receivedProtocol: "HTTP",
      owner: given,
    });

  test("its own rights hold, and its application's with them", async () => {
    const it = createTestSubmissions({}, {}, [shop]);
    const domain = parseSenderPattern("contoso.com", (text) => parsed({ domain: text, subdomains: false }));
    if (!domain.ok) throw new Error(domain.message);
    const rights = { sendAs: [domain.value], receiveConnectors: ["Other"] };
    const denied = await it.submissions.submit(byKey(it, owner(rights)), envelope, content);
    expect(denied).toMatchObject({ refusals: [{ reply: { told: { kind: "connectorDenied" } } }] });
    const asAnother = byKey(it, owner({ sendAs: rights.sendAs }));
    expect(await it.submissions.submit(asAnother, envelope, content)).toMatchObject({
      refusals: [{ reply: { code: 550, status: "5.7.60" } }],
    });

    const submitter = byKey(it, owner({}, "Shop mail"));
    const kept = await it.submissions.submit(submitter, envelope, content);
    expect(kept).toMatchObject({ kind: "kept", message: { origin: { application: "Shop mail" } } });
    const recipients = ["b", "c"].map((name) => ({ address: `${name}@d.test` }));
    expect(await it.submissions.submit(submitter, { ...envelope, recipients }, content)).toMatchObject({
      refusals: [{ recipient: "c@d.test", reply: { code: 452 } }],
    });
  });

  test("it is nobody anonymous: under pressure its mail is kept where theirs is not", async () => {
    const pressed: PressureVerdict = { level: "Medium", resources: [], mailTarpitMs: 0, refuse: "anonymous" };
    const pressure = () => pressed;
    const it = createTestSubmissions({}, { pressure });
    expect((await submit(it)).outcome).toMatchObject({ refusals: [{ reply: { code: 452 } }] });
    expect(await it.submissions.submit(byKey(it, owner({})), envelope, content)).toMatchObject({
      kind: "kept",
    });
  });

  test("its rate is its own where rates are by user", async () => {
    const it = createTestSubmissions({ messageRateLimit: 1, messageRateSource: "User" });
    const kindOf = async (by: RightsOwner) =>
      (await it.submissions.submit(byKey(it, by), envelope, content)).kind;
    expect(await kindOf(owner({}))).toBe("kept");
    expect(await kindOf({ ...owner({}), name: "Till" })).toBe("kept");
    expect(await kindOf(owner({}))).toBe("refused");
  });
});

describe("a message that is taken", () => {
  test("is kept with its envelope, behind a Received field, and told as one of SMTP is", async () => {
    const it = createTestSubmissions();
    const { outcome } = await submit(it);
    expect(outcome.kind).toBe("kept");
    const [claim] = await it.spool.claim(submissionQueue, 1, it.clock.now());
    expect(claim?.message.envelope).toMatchObject({
      reversePath: "a@s.test",
      recipients: [{ forwardPath: "b@d.test" }],
      smtpUtf8: false,
    });
    expect(claim?.message.content).toMatchObject({ messageId: "<1@a>", dotLines: 1 });
    const text = (await readContent(claim!.content)).toString();
    expect(text).toMatch(/^Received: from \[127\.0\.0\.1\] by relay\.test\r\n with HTTP id \d+\r\n for <b@d/);
    expect(text).toContain("\r\n\r\n.one\r\n");
    await it.clock.settle();
    expect(it.tracked).toMatchObject([{ eventId: "RECEIVE", source: "HTTP" }]);
    expect(it.events).toMatchObject([{ name: "MessageReceived", fields: { door: "HTTP" } }]);
    expect(it.metrics.totals.receivedBy).toEqual({ SMTP: 0, HTTP: 1, PICKUP: 0 });
  });

  test("one after the other, by the same client, counts as two", async () => {
    const it = createTestSubmissions();
    await submit(it);
    await submit(it, { mailFrom: "<>", recipients: [{ address: "<c@d.test>" }] });
    expect(it.submitter.messages).toBe(2);
    expect(it.spool.size).toBe(2);
  });

  test("an address that is not ASCII makes it SMTPUTF8, where the connector offers that", async () => {
    const it = createTestSubmissions();
    const recipients = [{ address: "ü@d.test" }];
    expect((await submit(it, { recipients })).outcome).toMatchObject({
      kind: "kept",
      message: { envelope: { smtpUtf8: true } },
    });
    const without = createTestSubmissions({ smtpUtf8Enabled: false });
    expect((await submit(without, { recipients })).codes).toEqual([["ü@d.test", 553, "utf8NotOffered"]]);
  });
});

test.each([
  [true, "X: y", "required"],
  [true, "TLS-Required: No", "required"],
  [false, "TLS-Required: No", "optional"],
  [undefined, "TLS-Required: Yes", undefined],
])("REQUIRETLS %s with the field %s: TLS is %s (RFC 8689)", async (requireTls, field, expected) => {
  const it = createTestSubmissions();
  const given = requireTls === undefined ? {} : { requireTls };
  const { outcome } = await submit(it, given, [Buffer.from(`${field}\r\n\r\nx\r\n`)]);
  expect(outcome.kind === "kept" && outcome.message.envelope.tls).toBe(expected);
});

describe("a message that is refused", () => {
  const untouched: AsyncIterable<Buffer> = {
    [Symbol.asyncIterator]: () => {
      throw new Error("the content was read");
    },
  };

  test.each([
    ["by its sender", {}, { mailFrom: "a b@c d" }, [[undefined, 501, "invalidSender"]]],
    ["for want of a right", { permissionGroups: ["None"] }, {}, [[undefined, 530, "notAuthenticated"]]],
    ["for want of TLS", { requireTls: true }, {}, [[undefined, 451, "tlsRequired"]]],
    ["by its declared size", {}, { sizeBytes: 1e9 }, [[undefined, 552, "declaredTooLarge"]]],
    ["for want of recipients", {}, { recipients: [] }, [[undefined, 554, "noValidRecipients"]]],
    [
      "by one of its recipients",
      { anonymousRelay: false },
      { recipients: [{ address: "Postmaster" }, { address: "b@d.test" }, { address: "@" }] },
      [
        ["b@d.test", 550, "unableToRelay"],
        ["@", 501, "invalidRecipient"],
      ],
    ],
    [
      "by their number, once",
      { maxRecipientsPerMessage: 1 },
      { recipients: [1, 2, 3].map((n) => ({ address: `${n}@d.test` })) },
      [["2@d.test", 452, "tooManyRecipients"]],
    ],
  ] as const)("%s: nothing of it is read or kept", async (_, connector, given, expected) => {
    const it = createTestSubmissions(connector);
    const { codes } = await submit(it, given, untouched);
    expect(codes).toEqual(expected);
    expect(it.spool.size).toBe(0);
    expect(it.events).toHaveLength(expected.length);
  });

  test("by its size: it is not read to the end", async () => {
    const it = createTestSubmissions({ maxMessageSize: 100 });
    let given = 0;
    async function* endless() {
      for (;;) {
        given++;
        yield Buffer.from("x: y\r\n\r\n".padEnd(60, "z"));
      }
    }
    expect((await submit(it, {}, endless())).codes).toEqual([[undefined, 552, "messageTooLarge"]]);
    expect(given).toBe(2);
  });

  test("by the rate of its source, counted once whatever the door", async () => {
    const it = createTestSubmissions({ messageRateLimit: 1 });
    await submit(it);
    expect((await submit(it)).codes).toEqual([[undefined, 421, "messageRate"]]);
  });

  test("by a fault of ours, told", async () => {
    const it = createTestSubmissions();
    it.spool.accept = () => Promise.reject(new Error("a bug"));
    expect((await submit(it)).codes).toEqual([[undefined, 421, "fault"]]);
    expect(it.events.map(({ name }) => name)).toEqual(["RelayFault", "RefusedByFault"]);
  });
});

test("content that breaks off leaves nothing, and says why", async () => {
  const it = createTestSubmissions();
  async function* broken() {
    yield Buffer.from("x: y\r\n\r\nhalf");
    throw new Error("the client left");
  }
  await expect(submit(it, {}, broken())).rejects.toThrow("the client left");
  expect(it.spool.size).toBe(0);
  expect(it.events).toEqual([]);
});
