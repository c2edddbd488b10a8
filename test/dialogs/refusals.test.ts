/**
 * Everything a session or the door refuses, met as a client meets it: whatever it is, the reply names its reference, and
 * under that reference there is an event and a count, with class, source and what was wrong.
 */
import { createSecureContext } from "node:tls";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { noLimits, sessionRights } from "../../src/core/policy/client-rights.ts";
import type { ReceiveConnectorSettings } from "../../src/core/policy/receive-connector.ts";
import {
  refusalCatalogue,
  silentRefusals,
  spokenRefusals,
  type RefusalKind,
  type SpokenKind,
} from "../../src/core/refusals/catalogue.ts";
import { refusedMessageRate } from "../../src/core/refusals/limit-refusals.ts";
import { refused } from "../../src/core/refusals/refusal.ts";
import type { GrantingReply } from "../../src/core/smtp/reply.ts";
import { ipRange } from "../../src/core/units/ip-range.ts";
import { catalogue } from "../../src/events/catalogue.ts";
import type { SessionServices } from "../../src/receive/session/services.ts";
import { connectScriptedClient } from "../../src/testing/scripted-client.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { createTestSession, type TestSession } from "../../src/testing/test-session.ts";
import { receiveConnector } from "../../src/testing/test-settings.ts";

interface Scene {
  readonly settings?: Partial<ReceiveConnectorSettings>;
  readonly services?: Partial<SessionServices>;
  /** Lines; each gets its CRLF. */
  readonly lines: readonly string[];
  /** What happens behind them. */
  readonly afterwards?: (session: TestSession) => Promise<void> | void;
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const hello = "EHLO c.example";
const mail = "MAIL FROM:<a@b.example>";
const rcpt = "RCPT TO:<c@d.example>";
const content = (text: string): readonly string[] => [hello, mail, rcpt, "DATA", ...text.split("\n"), "."];
const accounts: Partial<ReceiveConnectorSettings> = {
  authMechanism: ["BasicAuth"],
  permissionGroups: ["ExchangeUsers", "AnonymousUsers"],
};
const logOn = `AUTH PLAIN ${base64("\0app\0x")}`;
const acceptRefused = (code: "full" | "failed") => async (session: TestSession) => {
  await session.clock.settle();
  session.accepts[0]?.refuse(code);
};
const overRate = () => refused("messageRate", { configured: 1, seen: 1 });

const erp = { kind: "user", name: "erp", rights: {} } as const;
const limitsOfErp = sessionRights([{ ...erp, rights: { sendAs: [{ kind: "null", text: "<>" }] } }]);

const scenes: Partial<Record<SpokenKind, Scene>> = {
  messageRate: { services: { refuseMessage: overRate }, lines: [hello, mail] },
  leftWaiting: { services: { refuseMessage: () => refused("leftWaiting") }, lines: [hello, mail] },
  unableToRelay: { settings: { anonymousRelay: false }, lines: [hello, mail, rcpt] },
  sendAsDenied: { services: { limitsOf: () => limitsOfErp }, lines: [hello, mail] },
  connectorDenied: {
    services: { limitsOf: () => sessionRights([{ ...erp, rights: { receiveConnectors: ["Other"] } }]) },
    lines: [hello, mail],
  },
  clientMessageRate: {
    services: { refuseMessage: () => refusedMessageRate(erp, 5, 5) },
    lines: [hello, mail],
  },
  clientRecipientRate: {
    services: { limitsOf: () => sessionRights([{ ...erp, rights: { recipientRateLimit: 1 } }]) },
    lines: [hello, mail, rcpt, rcpt],
  },
  accountNotOnConnector: {
    settings: accounts,
    services: {
      authenticate: () => Promise.resolve({ user: "app" }),
      limitsOf: (_, user) =>
        user === undefined ? noLimits : sessionRights([{ ...erp, rights: { receiveConnectors: ["Other"] } }]),
    },
    lines: [hello, logOn],
  },
  notAuthenticated: { settings: { permissionGroups: ["ExchangeUsers"] }, lines: [hello, mail] },
  tooManyRecipients: { settings: { maxRecipientsPerMessage: 1 }, lines: [hello, mail, rcpt, rcpt] },
  reservedTopLevelDomain: {
    settings: { rejectReservedTopLevelRecipientDomains: true },
    lines: [hello, mail, rcpt],
  },
  reservedSecondLevelDomain: {
    settings: { rejectReservedSecondLevelRecipientDomains: true },
    lines: [hello, mail, "RCPT TO:<a@example.com>"],
  },
  singleLabelDomain: {
    settings: { rejectSingleLabelRecipientDomains: true },
    lines: [hello, mail, "RCPT TO:<a@server>"],
  },
  refusedAsAsked: { settings: { capture: true }, lines: [hello, mail, "RCPT TO:<refuse-550@d.example>"] },
  putOffAsAsked: { settings: { capture: true }, lines: [hello, mail, "RCPT TO:<refuse-451@d.example>"] },
  invalidSender: { lines: [hello, "MAIL FROM:<broken"] },
  invalidRecipient: { lines: [hello, mail, "RCPT TO:<nobody>"] },
  addressTooLong: { lines: [hello, `MAIL FROM:<a@${"b".repeat(64)}.example>`] },
  utf8NotOffered: { lines: [hello, mail, "RCPT TO:<\xc3\xbc@d.example>"] },
  declaredTooLarge: { settings: { maxMessageSize: 1_000 }, lines: [hello, `${mail} SIZE=2000`] },
  messageTooLarge: { settings: { maxMessageSize: 100 }, lines: content(`a: b\n\n${"x".repeat(200)}`) },
  headerTooLarge: { settings: { maxHeaderSize: 100 }, lines: content(`a: ${"x".repeat(200)}`) },
  hopCountExceeded: { settings: { maxHopCount: 1 }, lines: content("Received: a\nReceived: b\n\nx") },
  bareLinefeed: {
    settings: { bareLinefeedRejectionEnabled: true },
    lines: [hello, mail, rcpt, "DATA", "a: b\r\n\r\nx\ny", "."],
  },
  bareCarriageReturn: {
    settings: { bareCarriageReturnRejectionEnabled: true },
    lines: [hello, mail, rcpt, "DATA", "a: b\r\n\r\nx\ry", "."],
  },
  nulInContent: { lines: [hello, mail, rcpt, "DATA", "a: b\r\n\r\nx\0y", "."] },
  endOfDataNeedsCrlf: {
    lines: [hello, mail, rcpt, "DATA", "a: b\r\n\r\nx\n."],
    afterwards: (session) => session.session.timedOut(),
  },
  authenticationFailed: { settings: accounts, lines: [hello, logOn] },
  accountMayNotSubmit: {
    settings: { ...accounts, permissionGroups: ["AnonymousUsers"] },
    services: { authenticate: () => Promise.resolve({ user: "app" }) },
    lines: [hello, logOn],
  },
  tooManyLogonFailures: { settings: { ...accounts, maxLogonFailures: 1 }, lines: [hello, logOn, logOn] },
  authenticationCancelled: { settings: accounts, lines: [hello, "AUTH LOGIN", "*"] },
  authenticationMalformed: { settings: accounts, lines: [hello, "AUTH PLAIN !"] },
  authenticationMechanismUnknown: { settings: accounts, lines: [hello, "AUTH NTLM"] },
  authenticationNeedsTls: {
    settings: { ...accounts, authMechanism: ["Tls", "BasicAuth", "BasicAuthRequireTLS"] },
    lines: [hello, logOn],
  },
  authenticationNotOffered: { lines: [hello, logOn] },
  authenticationTemporary: {
    settings: accounts,
    services: { authenticate: () => Promise.reject(new Error("no scrypt")) },
    lines: [hello, logOn],
  },
  alreadyAuthenticated: {
    settings: accounts,
    services: { authenticate: () => Promise.resolve({ user: "app" }) },
    lines: [hello, logOn, logOn],
  },
  tlsRequired: { settings: { requireTls: true }, lines: [hello, mail] },
  tlsNotAvailable: { lines: [hello, "STARTTLS"] },
  tlsBeforeGreeting: { lines: ["\x16\x03\x01\x00\x05\x01"] },
  startTlsNotOffered: { settings: { authMechanism: ["None"] }, lines: [hello, "STARTTLS"] },
  ehloDomainRequired: { settings: { requireEhloDomain: true }, lines: ["EHLO"] },
  unrecognizedCommand: { lines: ["XYZZY"] },
  webClient: { lines: ["GET / HTTP/1.1"] },
  lineTooLong: { lines: [hello, `NOOP ${"x".repeat(5_000)}`] },
  bareLinefeedInCommand: { lines: [hello, "NOOP\nNOOP"] },
  invalidCharacters: { lines: [hello, "NOOP \0"] },
  syntaxError: { lines: [hello, "DATA now"] },
  unrecognizedParameter: { lines: [hello, `${mail} XMOON=1`] },
  invalidParameterValue: { lines: [hello, `${mail} SIZE=many`] },
  commandNotImplemented: { lines: [hello, "EXPN all"] },
  chunkingNotOffered: {
    settings: { chunkingEnabled: false },
    lines: [hello, mail, rcpt, "BDAT 2 LAST", ""],
  },
  badSequence: { lines: [hello, mail, rcpt, "BDAT 2", "", "DATA"] },
  sendHelloFirst: { lines: [mail] },
  senderAlreadySpecified: { lines: [hello, mail, mail] },
  needMail: { lines: [hello, rcpt] },
  noValidRecipients: { lines: [hello, mail, "DATA"] },
  binaryNeedsBdat: { lines: [hello, `${mail} BODY=BINARYMIME`, rcpt, "DATA"] },
  tooManyErrors: { settings: { maxProtocolErrors: 0 }, lines: ["XYZZY"] },
  timedOut: { lines: [hello], afterwards: ({ session }) => session.timedOut() },
  messageTimedOut: {
    lines: [hello, mail, rcpt, "DATA", "half"],
    afterwards: ({ session }) => session.timedOut(),
  },
  insufficientResources: {
    services: {
      pressure: () => ({ level: "High", mailTarpitMs: 0, refuse: "everyone", resources: [] }),
    },
    lines: [hello, mail],
  },
  diskFull: { lines: content("a: b\n\nx"), afterwards: acceptRefused("full") },
  localError: { lines: content("a: b\n\nx"), afterwards: acceptRefused("failed") },
  fault: {
    services: {
      refuseMessage: () => {
        throw new Error("a bug");
      },
    },
    lines: [hello, mail],
  },
  serviceSuspended: { services: { isSuspended: () => true }, lines: [hello, mail] },
  shuttingDown: { lines: [hello], afterwards: ({ session }) => session.stop() },
};

/** They are met at the door, below. */
const atTheDoor: readonly RefusalKind[] = [
  "noConnector",
  "connectionLimit",
  "connectionLimitPerSource",
  "connectionPercentagePerSource",
  "connectionRate",
];

/** They are met by HTTP (src/receive/http). */
const byHttp: readonly RefusalKind[] = [
  "httpsRequired",
  "requestInvalid",
  "requestMalformed",
  "requestNotServed",
  "requestUnderWay",
];

/** They are met where several nodes share a database (src/receive/admission/ledger-away.test.ts). */
const ofNodes: readonly RefusalKind[] = ["databaseAway", "databaseAwayAtDoor"];

test("each refusal has its scene", () => {
  expect([...Object.keys(scenes), ...atTheDoor, ...byHttp, ...ofNodes].toSorted()).toEqual(
    Object.keys(spokenRefusals).toSorted(),
  );
});

async function play({ settings, services, lines, afterwards }: Scene): Promise<TestSession> {
  const session = createTestSession({ explainRefusals: true, ...settings }, services);
  for (const line of lines) {
    session.send(`${line}\r\n`);
    await session.clock.settle();
  }
  await afterwards?.(session);
  await session.clock.settle();
  return session;
}

describe.each(Object.entries(scenes) as [SpokenKind, Scene][])("%s", (kind, scene) => {
  it("is told once, with class, event, reference and what was wrong", async () => {
    const session = await play(scene);
    const { reply, event, class: of } = spokenRefusals[kind];
    const told = session.refusals.filter((one) => one.kind === kind);
    expect(told).toHaveLength(1);
    const [{ reference, problem, limit, source, eventId } = told[0]!] = told;
    expect(told[0]).toMatchObject({ class: of, connector: "AppRelay", eventId: catalogue[event].id });
    expect([source, problem === "" && limit === undefined]).toEqual(["127.0.0.1", false]);
    const line = session.written.split("\r\n").find((text) => text.includes(`ref ${reference})`));
    expect(line).toMatch(new RegExp(`^${reply.code} ${reply.status?.replaceAll(".", "\\.")} `));
    expect(line?.slice(4 + (reply.status?.length ?? 0) + 1)).toMatch(
      /^.+ \(AppRelay: .+, source 127\.0\.0\.1, event \d+, ref \w+\)$/,
    );
    expect(line).toContain(reply.text);
    const events = session.events.filter(({ fields }) => fields["reference"] === reference);
    expect(events.map(({ name }) => name)).toEqual([event]);
    expect(events[0]?.fields).toMatchObject({
      refusal: kind,
      source: "127.0.0.1",
      connector: "AppRelay",
      reply: line,
    });
    expect(eventId).toBe(events[0]?.definition.id);
  });

  it("leaves nothing refused untold", async () => {
    const { written, refusals } = await play(scene);
    const references = new Set(refusals.map(({ reference }) => reference));
    for (const line of written.split("\r\n").filter((text) => /^[45]/.test(text)))
      expect(references).toContain(/ref (\w+)\)$/.exec(line)?.[1]);
  });
});

test("the log-on that was one too many is told for what was wrong with it, too", async () => {
  const { refusals } = await play(scenes.tooManyLogonFailures!);
  expect(refusals.map(({ kind }) => kind)).toEqual([
    "authenticationFailed",
    "authenticationFailed",
    "tooManyLogonFailures",
  ]);
});

test("who cannot log on is not told whether there is such an account; whoever runs the relay is", async () => {
  const played = await Promise.all(
    [logOn, `AUTH PLAIN ${base64("\0nobody\0x")}`].map((line) =>
      play({
        settings: accounts,
        lines: [hello, line],
      }),
    ),
  );
  for (const { written } of played)
    expect(written).toMatch(/535 5\.7\.3 \S+ \S+ \(AppRelay: user name, password or key is wrong, source/);
  expect(played.map(({ refusals }) => refusals[0]?.problem)).toEqual([
    "the password is wrong",
    "there is no such account",
  ]);
});

describe("what follows from a refusal", () => {
  it.each([
    ["DATA behind a refused RCPT", [hello, mail, "RCPT TO:<x@y.example>", "DATA"], "unableToRelay"],
    [
      "RCPT and DATA behind a refused MAIL",
      [hello, `${mail} SIZE=999999999`, rcpt, "DATA"],
      "declaredTooLarge",
    ],
    ["RCPT behind a MAIL that could not be read", [hello, "MAIL FROM:<broken", rcpt], "invalidSender"],
  ])("%s: named by its reference, and not counted", async (_, lines, kind) => {
    const { written, refusals } = await play({ settings: { anonymousRelay: false }, lines });
    expect(refusals.map((one) => one.kind)).toEqual([kind]);
    const refusing = written.split("\r\n").filter((text) => /^[45]/.test(text));
    expect(refusing.length).toBeGreaterThan(1);
    for (const text of refusing) expect(text).toContain(`ref ${refusals[0]?.reference})`);
  });

  it.each([
    ["RSET", [hello, mail, "RCPT TO:<x@y.example>", "RSET", "DATA"], ["unableToRelay", "needMail"]],
    [
      "a MAIL that is taken",
      [hello, "MAIL FROM:<broken", mail, "DATA"],
      ["invalidSender", "noValidRecipients"],
    ],
  ])("nothing does behind %s", async (_, lines, kinds) => {
    const { refusals } = await play({ settings: { anonymousRelay: false }, lines });
    expect(refusals.map((one) => one.kind)).toEqual(kinds);
  });
});

describe("TLS", () => {
  const begun = async (): Promise<TestSession> => {
    const session = await play({
      services: { tlsContexts: () => ({ byDefault: createSecureContext(), named: () => undefined }) },
      lines: [hello, "STARTTLS"],
    });
    expect(session.handshaking).toBe(true);
    return session;
  };

  it("is told of where the client does not end its handshake in time", async () => {
    const session = await begun();
    session.session.timedOut();
    session.session.timedOut();
    expect(session.refusals).toMatchObject(
      [{ kind: "tlsHandshakeFailed", problem: /in time/ }].map(() => ({
        kind: "tlsHandshakeFailed",
        problem: "the client did not end it in time",
      })),
    );
  });

  it("is not told of where the relay stops", async () => {
    const session = await begun();
    session.session.abort();
    expect(session.refusals).toEqual([]);
  });
});

describe("at the door, and in the handshake", () => {
  let relay: TemporaryRelay;
  beforeAll(async () => {
    const explained = { explainRefusals: true };
    relay = await startTemporaryRelay({
      receiveConnectors: [
        receiveConnector({ ...explained }),
        receiveConnector({ ...explained, name: "Nowhere", remoteIpRanges: [ipRange("192.0.2.1")] }),
        receiveConnector({ ...explained, name: "Full", maxInboundConnection: 1 }),
        receiveConnector({ ...explained, name: "PerSource", maxInboundConnectionPerSource: 1 }),
        receiveConnector({
          ...explained,
          name: "Percentage",
          maxInboundConnection: 100,
          maxInboundConnectionPercentagePerSource: 1,
        }),
      ],
      applications: [{ name: "Helpdesk", addresses: [ipRange("127.0.0.1")], users: [] }],
    });
  });
  afterAll(() => relay.stop());

  const told = (reference: string | undefined) =>
    relay.events.filter(({ fields }) => fields["reference"] === reference);

  it.each<[SpokenKind, string, boolean]>([
    ["noConnector", "Nowhere", false],
    ["connectionLimit", "Full", true],
    ["connectionLimitPerSource", "PerSource", true],
    ["connectionPercentagePerSource", "Percentage", true],
  ])("%s", async (kind, connector, isLimit) => {
    const port = relay.portOf(connector);
    const first = isLimit ? await connectScriptedClient({ port }) : undefined;
    await first?.expect(220);
    const client = await connectScriptedClient({ port });
    const { last } = await client.reply();
    expect(last).toContain(spokenRefusals[kind].reply.text);
    const [event, ...others] = told(/ref (\w+)\)$/.exec(last)?.[1]);
    expect(others).toEqual([]);
    expect(event?.fields).toMatchObject({
      refusal: kind,
      source: "127.0.0.1",
      application: "Helpdesk",
      reply: last,
    });
    const counted = relay.relay.usage
      .refusals()
      .find((one) => one.connector === (isLimit ? connector : "(none)"));
    expect(counted?.refusals[0]?.last.kind).toBe(kind);
    await client.closed();
    first?.close();
  });

  it("connectionRate", async () => {
    const limited = await startTemporaryRelay({
      receiveConnectors: [receiveConnector({ explainRefusals: true })],
      transport: { maxConnectionRatePerMinute: 1 },
    });
    const first = await connectScriptedClient({ port: limited.port });
    await first.expect(220);
    const second = await connectScriptedClient({ port: limited.port });
    const { last } = await second.reply();
    expect(last).toMatch(/^421 4\.3\.2 .+ \(AppRelay: maxConnectionRatePerMinute 1, source/);
    expect(limited.events.filter(({ fields }) => fields["refusal"] === "connectionRate")).toHaveLength(1);
    expect(limited.relay.usage.refusals()[0]?.refusals[0]?.last.kind).toBe("connectionRate");
    await second.closed();
    first.close();
    await limited.stop();
  });

  it.each<
    [
      string,
      keyof typeof silentRefusals,
      Parameters<Awaited<ReturnType<typeof connectScriptedClient>>["upgrade"]>[0],
    ]
  >([
    [
      "TLS 1.1 only",
      "tlsVersionTooOld",
      { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" },
    ],
    [
      "a cipher we have not",
      "tlsNoCommonCipher",
      { maxVersion: "TLSv1.2", ciphers: "DHE-RSA-AES128-GCM-SHA256" },
    ],
  ])("%s: %s", async (_, kind, options) => {
    const client = await connectScriptedClient({ port: relay.port });
    await client.expect(220);
    await client.command("EHLO c.example");
    client.send("STARTTLS\r\n");
    await client.expect(220);
    await expect(client.upgrade(options)).rejects.toThrow();
    await expect
      .poll(() => relay.events.filter(({ name }) => name === "TlsHandshakeFailed").at(-1)?.fields)
      .toMatchObject({ refusal: kind, source: "127.0.0.1", application: "Helpdesk", connector: "AppRelay" });
    client.close();
  });

  it.each([
    ["goes on in the clear", "EHLO again.example\r\n", "what the client sent behind STARTTLS was not TLS"],
    ["hangs up", "", "the client closed the connection in the middle of it"],
  ])("a client that %s behind STARTTLS", async (_, sends, problem) => {
    const client = await connectScriptedClient({ port: relay.port });
    await client.expect(220);
    await client.command("EHLO c.example");
    client.send("STARTTLS\r\n");
    await client.expect(220);
    if (sends === "") client.close();
    else client.send(sends);
    await expect
      .poll(() => relay.events.filter(({ name }) => name === "TlsHandshakeFailed").at(-1)?.fields)
      .toMatchObject({ refusal: "tlsHandshakeFailed", problem });
    client.close();
  });
});

test("a reply that refuses is none that grants: the compiler knows", () => {
  // @ts-expect-error only what refuses().refuse gives can be sent with such a code
  const reply: GrantingReply = { code: 550, text: "no" };
  expect(reply.code).toBe(550);
  expect(Object.keys(refusalCatalogue)).toHaveLength(
    Object.keys(spokenRefusals).length + Object.keys(silentRefusals).length,
  );
});
