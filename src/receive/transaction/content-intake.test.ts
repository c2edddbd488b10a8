/** What becomes of a content: the facts the spool is told, the fields added, the replies that refuse it. */
import { describe, expect, test } from "vitest";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import { submissionQueue, type Claim } from "../../spool/spool.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createMemorySpool } from "../../testing/memory-spool.ts";
import { readContent } from "../../testing/spool-messages.ts";
import { createTestSession } from "../../testing/test-session.ts";

interface Sent {
  readonly content: string;
  readonly connector?: Partial<ReceiveConnectorSettings>;
  readonly mail?: string;
  readonly to?: readonly string[];
}

async function sent({ content, connector = {}, mail = "MAIL FROM:<a@s.test>", to = ["b@d.test"] }: Sent) {
  const clock = createFakeClock();
  const spool = createMemorySpool({ clock });
  const session = createTestSession(connector, { spool, clock });
  session.send(`EHLO app.test\r\n${mail}\r\n${to.map((path) => `RCPT TO:<${path}>\r\n`).join("")}DATA\r\n`);
  session.send(`${content}\r\n.\r\n`);
  await clock.settle();
  const [claim] = await spool.claim(submissionQueue, 1, clock.now());
  const text = claim === undefined ? "" : (await readContent(claim.content)).toString("latin1");
  const last = session.written.trimEnd().split("\r\n").at(-1) ?? "";
  return { claim: claim as Claim, text, last, session, id: claim?.message.id };
}
const utf8 = (text: string): string => Buffer.from(text).toString("latin1");

describe("the facts of a content", () => {
  test.each<[string, string, object]>([
    ["plain", "Subject: Hi\r\n\r\nx", { eightBit: false, dotLines: 0, endsWithCrlf: true, subject: "Hi" }],
    ["without a header", "\r\nx", { eightBit: false }],
    ["8-bit in its body", utf8("Subject: Hi\r\n\r\nü"), { eightBit: true, headerEightBit: false }],
    [
      "8-bit in its header",
      utf8("Subject: ü\r\n\r\nx"),
      { eightBit: true, headerEightBit: true, subject: "ü" },
    ],
    ["8-bit in both", utf8("Subject: ü\r\n\r\nü"), { eightBit: true, headerEightBit: true }],
    ["lines of dots", "X: y\r\n\r\n..a\r\n..\r\nb.", { dotLines: 2 }],
    ["a Message-ID", "Message-ID: <1@a>\r\n\r\nx", { messageId: "<1@a>" }],
  ])("%s", async (_, content, facts) => {
    const { claim } = await sent({ content });
    expect(claim.message.content).toMatchObject(facts);
    for (const fact of ["headerEightBit", "messageId"])
      expect(fact in claim.message.content).toBe(fact in facts);
  });

  test("a recipient in the trace field makes the header 8-bit", async () => {
    const mail = "MAIL FROM:<a@s.test> SMTPUTF8 BODY=8BITMIME";
    const alone = await sent({ content: "X: y\r\n\r\nx", mail, to: [utf8("ü@d.test")] });
    expect(alone.claim.message.content).toMatchObject({ eightBit: true, headerEightBit: true });
    const two = await sent({ content: "X: y\r\n\r\nx", mail, to: [utf8("ü@d.test"), "b@d.test"] });
    expect(two.claim.message.content).toMatchObject({ eightBit: false });
    expect(two.text).not.toContain("\r\n for <");
  });
});

describe("the trace field", () => {
  test("names client, protocol, message and its only recipient", async () => {
    const { text, id } = await sent({ content: "X: y\r\n\r\nx" });
    expect(text).toBe(
      `Received: from app.test ([127.0.0.1]) by relay.test\r\n with ESMTP id ${id}\r\n for <b@d.test>;\r\n Thu, 15 Jan 2026 09:00:00 +0000\r\nX: y\r\n\r\nx\r\n`,
    );
  });
});

describe("fields that are missing", () => {
  const content = "X: y\r\n\r\nx";
  test("are left so", async () => {
    const { text } = await sent({ content });
    expect(text).not.toMatch(/^(Message-ID|Date):/m);
  });

  test.each([
    [undefined, "relay.test"],
    ["example.test", "example.test"],
  ])("are added where the connector says so, with the domain %s", async (defaultDomain, domain) => {
    const connector = { addMissingMessageId: true, addMissingDate: true, defaultDomain };
    const { text, claim, id } = await sent({ content, connector });
    expect(text).toContain(
      `\r\nMessage-ID: <${id}@${domain}>\r\nDate: Thu, 15 Jan 2026 09:00:00 +0000\r\nX: y\r\n`,
    );
    expect(claim.message.content.messageId).toBe(`<${id}@${domain}>`);
  });

  test("are not added to those that are there", async () => {
    const connector = { addMissingMessageId: true, addMissingDate: true };
    const given = "Message-ID: <1@a>\r\nDate: yesterday\r\n\r\nx";
    const { text, claim, last } = await sent({ content: given, connector });
    expect(text.match(/^(Message-ID|Date):/gm)).toHaveLength(2);
    expect(claim.message.content.messageId).toBe("<1@a>");
    expect(last).toContain("<1@a> [InternalId=");
  });
});

test("the envelope and the origin are kept as they were told", async () => {
  const mail = "MAIL FROM:<a@s.test> BODY=8BITMIME RET=HDRS ENVID=7";
  const { claim } = await sent({ content: "X: y\r\n\r\nx", mail, to: ["b@d.test", "c@d.test"] });
  expect(claim.message).toMatchObject({
    envelope: {
      reversePath: "a@s.test",
      recipients: [{ forwardPath: "b@d.test" }, { forwardPath: "c@d.test" }],
      body: "8BITMIME",
      smtpUtf8: false,
      ret: "HDRS",
      envid: "7",
    },
    origin: { connector: "AppRelay", sourceAddress: "127.0.0.1", helloName: "app.test", sessionId: "S1" },
  });
  expect(claim.message.origin).not.toHaveProperty("authenticatedUser");
  const plain = await sent({ content: "X: y\r\n\r\nx" });
  expect(Object.keys(plain.claim.message.envelope)).toEqual([
    "reversePath",
    "recipients",
    "body",
    "smtpUtf8",
  ]);
});

describe("refused, told, and not kept", () => {
  const hops = (count: number): string => `${"Received: x\r\n".repeat(count)}\r\nx`;
  const body = (octets: number): string => `X: y\r\n\r\n${`${"x".repeat(98)}\r\n`.repeat(octets / 100)}`;
  const wantsCrlf = { bareLinefeedRejectionEnabled: true, bareCarriageReturnRejectionEnabled: true };
  const takesAll = { bareLinefeedRejectionEnabled: false, bareCarriageReturnRejectionEnabled: false };
  test.each<[string, Sent, string | undefined]>([
    ["as many hops as may be", { content: hops(3), connector: { maxHopCount: 3 } }, undefined],
    ["one hop more", { content: hops(4), connector: { maxHopCount: 3 } }, "554 5.4.6"],
    ["a size that fits", { content: body(4_900), connector: { maxMessageSize: 5_000 } }, undefined],
    ["too large", { content: body(5_000), connector: { maxMessageSize: 5_000 } }, "552 5.3.4"],
    [
      "too large, of a client whose size is not limited",
      {
        content: body(5_000),
        connector: {
          maxMessageSize: 5_000,
          authMechanism: ["ExternalAuthoritative"],
          permissionGroups: ["ExchangeServers"],
        },
      },
      undefined,
    ],
    ["a bare line feed", { content: "X: y\r\n\r\na\nb", connector: wantsCrlf }, "550 5.6.11"],
    ["a bare line feed that is allowed", { content: "X: y\r\n\r\na\nb", connector: takesAll }, undefined],
    ["a bare carriage return", { content: "X: y\r\n\r\na\rb", connector: wantsCrlf }, "550 5.6.11"],
    [
      "a bare carriage return that is allowed",
      { content: "X: y\r\n\r\na\rb", connector: takesAll },
      undefined,
    ],
    ["NUL", { content: "X: y\r\n\r\na\0b", connector: { nulRemovalEnabled: false } }, "550 5.6.0"],
    [
      "NUL that is removed",
      { content: "X: y\r\n\r\na\0b", connector: { nulRemovalEnabled: true } },
      undefined,
    ],
    [
      "a header that is too large",
      { content: `X: ${"y".repeat(5_000)}\r\n\r\nx`, connector: { maxHeaderSize: 4_096 } },
      "552 5.3.4",
    ],
  ])("%s", async (_, mail, refusal) => {
    const { last, claim, session } = await sent(mail);
    const rejected = session.events.filter(({ name }) => name === "SmtpReceiveMessageRejected");
    if (refusal === undefined) {
      expect(last).toMatch(/^250 2\.6\.0 /);
      expect(claim).toBeDefined();
      expect(rejected).toEqual([]);
      expect(session.events.map(({ name }) => name)).toContain("MessageReceived");
      return;
    }
    expect(session.written).toContain(`\r\n${refusal} `);
    expect(claim).toBeUndefined();
    if (!refusal.startsWith("552") || !mail.connector?.maxHeaderSize)
      expect(rejected.map(({ fields }) => fields)).toMatchObject([
        {
          connector: "AppRelay",
          source: "127.0.0.1",
          sender: "a@s.test",
          reply: expect.stringContaining(refusal) as string,
        },
      ]);
  });
});
