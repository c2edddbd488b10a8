/** What a wish to close does in each phase of a session: replies that are due go first, and nothing runs behind. */
import { createSecureContext } from "node:tls";
import { describe, expect, it } from "vitest";
import type { Draft, SpoolIntake } from "../../spool/spool.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createMemorySpool } from "../../testing/memory-spool.ts";
import { createTestSession, type TestSession } from "../../testing/test-session.ts";
import { closeStep, type CloseReason, type CloseStep, type Place } from "./phase.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { SessionServices } from "./services.ts";

const hello = "EHLO c.example\r\n";
const transaction = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n";
const content = "Message-ID: <one@b.example>\r\n\r\nx\r\n.\r\n";
/** Would be run if anything behind the close were. */
const more = "MAIL FROM:<late@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n\r\nlate\r\n.\r\n";
const accounts: Partial<ReceiveConnectorSettings> = {
  authMechanism: ["BasicAuth"],
  permissionGroups: ["ExchangeUsers", "AnonymousUsers"],
};
const logOn = `AUTH PLAIN ${Buffer.from("\0app\0x").toString("base64")}\r\n`;

interface Situation {
  readonly settings?: Partial<ReceiveConnectorSettings>;
  readonly services?: Partial<SessionServices>;
  readonly script: string;
}

/** A spool whose drafts take no more for now. */
function fullPipe(): SpoolIntake {
  const memory = createMemorySpool({ clock: createFakeClock() });
  const begin: SpoolIntake["begin"] = () =>
    Object.create(memory.begin(), {
      write: { value: () => false },
      whenWritable: { value: () => new Promise(() => undefined) },
      discard: { value: () => undefined },
    }) as Draft;
  return Object.create(memory, { begin: { value: begin } }) as SpoolIntake;
}

/** Brings a session to each place. */
const situations: Readonly<Record<Place, Situation>> = {
  reading: { script: hello },
  content: { script: `${hello}${transaction}DATA\r\nSubject: half` },
  blocked: {
    services: { spool: fullPipe() },
    script: `${hello}${transaction}DATA\r\nSubject: x\r\n\r\nfirst`,
  },
  working: {
    settings: accounts,
    services: { authenticate: () => new Promise(() => undefined) },
    script: `${hello}${logOn}${more}`,
  },
  storing: { script: `${hello}${transaction}DATA\r\n${content}${more}` },
  tarpit: {
    settings: { tarpitInterval: 5_000 },
    script: `${hello}MAIL FROM:<a@b.example>\r\nRCPT TO:<broken\r\n${more}`,
  },
  handshake: {
    services: { tlsContexts: () => ({ byDefault: createSecureContext(), named: () => undefined }) },
    script: `${hello}STARTTLS\r\n${more}`,
  },
  closing: { script: `${hello}QUIT\r\n${more}` },
  closed: { script: hello },
};

const at = async (place: keyof typeof situations): Promise<TestSession> => {
  const { settings, services, script } = situations[place];
  const test = createTestSession(settings, services);
  test.send(script);
  await test.clock.settle();
  if (place === "closed") test.hangUp();
  return test;
};

const ask = async ({ session, clock }: TestSession, reason: CloseReason): Promise<void> => {
  if (reason === "timedOut") session.timedOut();
  else if (reason === "away") session.away();
  else if (reason === "stop") session.stop();
  else session.abort();
  await clock.settle();
};

const closingCode: Record<CloseReason, string> = {
  timedOut: "421 4.4.1",
  away: "421 4.3.2",
  stop: "421 4.3.2",
  abort: "421 4.3.2",
};
const codes = (test: TestSession): string[] =>
  test.written
    .split("\r\n")
    .filter((line) => /^\d{3} /.test(line))
    .map((line) => line.slice(0, line.startsWith("421") ? 9 : 3));

type Row = readonly [Place, CloseReason, CloseStep, replies: string[]];

const table: readonly Row[] = [
  ["reading", "timedOut", "close", ["250", "closing"]],
  ["reading", "away", "close", ["250", "closing"]],
  ["reading", "stop", "close", ["250", "closing"]],
  ["reading", "abort", "close", ["250", "closing"]],
  ["content", "timedOut", "close", ["250", "250", "250", "354", "closing"]],
  ["content", "away", "close", ["250", "250", "250", "354", "closing"]],
  ["content", "stop", "later", ["250", "250", "250", "354"]],
  ["content", "abort", "close", ["250", "250", "250", "354", "closing"]],
  ["blocked", "timedOut", "close", ["250", "250", "250", "354", "closing"]],
  ["blocked", "away", "close", ["250", "250", "250", "354", "closing"]],
  ["blocked", "stop", "later", ["250", "250", "250", "354"]],
  ["blocked", "abort", "close", ["250", "250", "250", "354", "closing"]],
  ["working", "timedOut", "close", ["250", "closing"]],
  ["working", "away", "close", ["250", "closing"]],
  ["working", "stop", "later", ["250"]],
  ["working", "abort", "close", ["250", "closing"]],
  ["storing", "timedOut", "outstandingReplyFirst", ["250", "250", "250", "354"]],
  ["storing", "away", "outstandingReplyFirst", ["250", "250", "250", "354"]],
  ["storing", "stop", "outstandingReplyFirst", ["250", "250", "250", "354"]],
  ["storing", "abort", "outstandingReplyFirst", ["250", "250", "250", "354"]],
  ["tarpit", "timedOut", "heldReplyFirst", ["250", "250", "501", "closing"]],
  ["tarpit", "away", "heldReplyFirst", ["250", "250", "501", "closing"]],
  ["tarpit", "stop", "later", ["250", "250"]],
  ["tarpit", "abort", "heldReplyFirst", ["250", "250", "501", "closing"]],
  ["handshake", "timedOut", "breakOff", ["250", "220"]],
  ["handshake", "away", "breakOff", ["250", "220"]],
  ["handshake", "stop", "later", ["250", "220"]],
  ["handshake", "abort", "breakOff", ["250", "220"]],
  ["closing", "timedOut", "nothing", ["250", "221"]],
  ["closing", "away", "nothing", ["250", "221"]],
  ["closing", "stop", "nothing", ["250", "221"]],
  ["closing", "abort", "breakOff", ["250", "221"]],
  ["closed", "timedOut", "nothing", ["250"]],
  ["closed", "away", "nothing", ["250"]],
  ["closed", "stop", "nothing", ["250"]],
  ["closed", "abort", "nothing", ["250"]],
];

describe.each(table)("%s, %s: %s", (place, reason, step, replies) => {
  it("is what the table says", () => expect(closeStep(place, reason)).toBe(step));

  it("shows on the wire, and nothing is run behind a close", async () => {
    const test = await at(place);
    const before = test.accepts.length;
    await ask(test, reason);
    await test.clock.advance(0);
    expect(codes(test)).toEqual(replies.map((code) => (code === "closing" ? closingCode[reason] : code)));
    if (step === "close" || step === "heldReplyFirst" || step === "breakOff") {
      expect(test.ended).toBeDefined();
      const said = test.written;
      await test.clock.advance(3_600_000);
      expect(test.written).toBe(said);
      expect(test.accepts).toHaveLength(before);
    }
  });
});

describe.each(["timedOut", "away", "stop", "abort"] as const)("%s while a message is stored", (reason) => {
  it("its 250 goes first, then the 421, and what came behind it is not run", async () => {
    const test = await at("storing");
    await ask(test, reason);
    expect(test.written).not.toMatch(/^421/m);
    await test.accepts[0]?.keep();
    await test.clock.settle();
    expect(codes(test).slice(-2)).toEqual(["250", closingCode[reason]]);
    expect(test.written).toContain("<one@b.example> [InternalId=");
    await test.clock.advance(3_600_000);
    expect(test.accepts).toHaveLength(1);
    expect(test.ended).toBe("end");
  });

  it("its 4xx goes first where the disk failed", async () => {
    const test = await at("storing");
    await ask(test, reason);
    test.accepts[0]?.refuse("failed");
    await test.clock.settle();
    expect(codes(test).slice(-2)).toEqual(["451", closingCode[reason]]);
  });

  it("a delayed acknowledgement is not waited for any longer", async () => {
    const test = createTestSession({ maxAcknowledgementDelay: 600_000 });
    test.send(`${hello}${transaction}DATA\r\n${content}${more}`);
    await test.accepts[0]?.keep();
    await test.clock.settle();
    expect(test.written).not.toContain("InternalId");
    await ask(test, reason);
    expect(codes(test).slice(-2)).toEqual(["250", closingCode[reason]]);
    expect(test.log.filter((line) => line.includes("DelayedAck"))).toEqual([
      expect.stringMatching(/Skipped$/),
    ]);
    expect(test.clock.pendingTimers).toBe(0);
  });

  it("nor is a tarpit that would hold the 250", async () => {
    const test = createTestSession({ tarpitInterval: 5_000 }, { isDiscredited: () => true });
    for (const line of [hello, "MAIL FROM:<a@b.example>\r\n", "RCPT TO:<c@d.example>\r\n", "DATA\r\n"]) {
      test.send(line);
      await test.clock.advance(5_000);
    }
    test.send(content);
    await test.accepts[0]?.keep();
    await test.clock.settle();
    expect(test.written).not.toContain("InternalId");
    await ask(test, reason);
    await test.clock.advance(5_000);
    expect(codes(test).slice(-2)).toEqual(["250", closingCode[reason]]);
    expect(test.written).toContain("InternalId");
  });
});

it("content under way when the relay stops is acknowledged without delay, then 421", async () => {
  const test = createTestSession({ maxAcknowledgementDelay: 600_000 });
  test.send(`${hello}${transaction}DATA\r\nMessage-ID: <one@b.example>\r\n\r\n`);
  await ask(test, "stop");
  test.send(`x\r\n.\r\n${more}`);
  await test.accepts[0]?.keep();
  await test.clock.settle();
  expect(codes(test).slice(-3)).toEqual(["354", "250", "421 4.3.2"]);
});

it("behind a flush that hangs for ten minutes nothing is said at all", async () => {
  const test = await at("storing");
  await ask(test, "timedOut");
  await test.clock.advance(9 * 60_000);
  await ask(test, "timedOut");
  expect(test.ended).toBeUndefined();
  await test.clock.advance(60_000);
  await ask(test, "timedOut");
  expect(test.ended).toBe("broken");
  expect(codes(test).at(-1)).toBe("354");
  await test.accepts[0]?.keep();
  await test.clock.settle();
  expect(codes(test).at(-1)).toBe("354");
});

it("a stop during the handshake is told under TLS", async () => {
  const test = await at("handshake");
  await ask(test, "stop");
  test.secure();
  expect(codes(test)).toEqual(["250", "220", "421 4.3.2"]);
});

it("a close in the tarpit of STARTTLS says 421 in place of 220", async () => {
  const test = createTestSession(
    { tarpitInterval: 5_000 },
    {
      tlsContexts: () => ({ byDefault: createSecureContext(), named: () => undefined }),
      isDiscredited: () => true,
    },
  );
  test.send(hello);
  await test.clock.advance(5_000);
  test.send("STARTTLS\r\n");
  await ask(test, "timedOut");
  expect(codes(test)).toEqual(["250", "421 4.4.1"]);
  expect(test.handshaking).toBe(false);
});

it("a client that ended its sending gets the replies to all it sent", async () => {
  const test = await at("storing");
  test.finish();
  expect(test.ended).toBeUndefined();
  await test.accepts[0]?.keep();
  await test.clock.settle();
  await test.accepts[1]?.keep();
  await test.clock.settle();
  expect(codes(test)).toEqual(["250", "250", "250", "354", "250", "250", "250", "354", "250"]);
  expect(test.ended).toBe("end");
});

it("an error of ours behind the commit takes no 250 away", async () => {
  const broken = (): never => {
    throw new Error("broken");
  };
  const test = createTestSession(
    {},
    {
      get metrics() {
        return { received: broken } as unknown as SessionServices["metrics"];
      },
    },
  );
  test.send(`${hello}${transaction}DATA\r\n${content}`);
  await test.accepts[0]?.keep();
  await test.clock.settle();
  expect(codes(test).at(-1)).toBe("250");
  expect(test.events.map(({ name }) => name)).toContain("RelayFault");
});
