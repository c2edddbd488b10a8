/** Claims against a Graph of our own: each answer, each silence, and who the mail was delivered to. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { GraphSendConnector } from "../../core/policy/send-connector.ts";
import { createHttpRequest } from "../../ports/http-request.ts";
import { createSystemClock } from "../../ports/system-ports.ts";
import { type GraphServer, startGraphServer } from "../../testing/graph-server.ts";
import { startTokenServer, type TokenServer } from "../../testing/token-server.ts";
import { testClaim, type TestClaim } from "../../testing/test-claim.ts";
import { graphConnector } from "../../testing/test-settings.ts";
import type { Carrier } from "../delivery/delivery.ts";
import { createTokenSource } from "../oauth/token-source.ts";
import { createGraphCarrier } from "./graph-carrier.ts";
import { createMailboxTurns } from "./mailbox-turns.ts";

let graph: GraphServer;
let tokens: TokenServer;
let carrier: Carrier;
let told: { name: string; fields: unknown }[];

function start(more: Partial<GraphSendConnector> = {}): void {
  const clock = createSystemClock();
  told = [];
  const events = { emit: (name: string, fields: unknown) => void told.push({ name, fields }) } as never;
  const oauth: GraphSendConnector["oauth"] = {
    grant: {
      kind: "clientCredentials",
      clientId: "app",
      credential: { kind: "secret", clientSecret: "s", expiresAt: undefined },
    },
    tokenEndpoint: `${tokens.url}/t/oauth2/v2.0/token`,
    scope: "https://graph.microsoft.com/.default",
    shown: {},
  };
  const connector = graphConnector(graph.url, {
    oauth,
    senderMailboxes: { "*": "relay@c.test" },
    ...more,
  });
  const http = createHttpRequest({ clock, dns: { addresses: () => Promise.resolve(["127.0.0.1"]) } });
  carrier = createGraphCarrier({
    connector,
    ports: { clock },
    events,
    http,
    tokens: createTokenSource(oauth, { clock, events, http }, "Graph"),
    atOnce: createMailboxTurns(),
  });
}
beforeEach(async () => {
  tokens = await startTokenServer();
  graph = await startGraphServer({ isGood: (token) => tokens.isGood(token) });
  start();
});
afterEach(async () => {
  await carrier.close(0);
  await graph.close();
  await tokens.close();
});

const carry = (given: TestClaim = {}) => carrier.carry(testClaim(given));
const named = (name: string) => told.filter((event) => event.name === name);
const content = (...lines: string[]): string =>
  `${["From: f@c.test", ...lines].join("\r\n")}\r\n\r\nHello\r\n`;

test("all recipients go in one call, by the header; nobody else, nobody twice", async () => {
  const result = await carry({
    recipients: ["a@x.test", "B@x.test", "b@x.test", "c@y.test"],
    content: content("To: A <a@x.test>, Other <o@x.test>", "Cc: b@x.test", "Bcc: s@x.test"),
  });
  expect(result).toMatchObject({
    kind: "attempted",
    outcomes: [0, 1, 2, 3].map((index) => ({ kind: "delivered", index, dsnRelayed: false })),
  });
  expect(graph.requests).toBe(1);
  expect(graph.messages[0]?.mailbox).toBe("relay@c.test");
  expect([...(graph.messages[0]?.deliveredTo ?? [])].sort()).toEqual(["a@x.test", "b@x.test", "c@y.test"]);
  expect(named("GraphHeaderReduced")).toHaveLength(1);
});

test("only those that are open: who had it by another way does not get it again", async () => {
  const claim = testClaim({
    recipients: ["a@x.test", "b@x.test"],
    content: content("To: a@x.test, b@x.test"),
  });
  await carrier.carry({ ...claim, recipients: claim.recipients.slice(1) });
  expect(graph.messages.map(({ deliveredTo }) => deliveredTo)).toEqual([["b@x.test"]]);
  expect(named("GraphHeaderReduced")).toEqual([]);
});

test("content that comes in pieces of memory that is used again arrives whole", async () => {
  const text = content("To: user@b.test") + "x".repeat(500_000);
  const shared = Buffer.alloc(1000);
  await carry({
    content: text,
    stream: async function* () {
      for (let at = 0; at < text.length; at += 1000) {
        const length = shared.write(text.slice(at, at + 1000), "latin1");
        yield await Promise.resolve(shared.subarray(0, length));
      }
    },
  });
  expect(graph.messages[0]?.content.toString()).toBe(text);
});

test("a refused recipient is found by halves, the others get it once", async () => {
  const recipients = Array.from({ length: 50 }, (_, n) => `u${n}@x.test`);
  graph.configure({ invalidRecipients: ["u17@x.test"] });
  const result = await carry({ recipients });
  const outcomes = result.kind === "attempted" ? result.outcomes : [];
  expect(outcomes.filter(({ kind }) => kind === "permanent")).toMatchObject([
    { index: 17, verdict: { status: "5.1.3" } },
  ]);
  expect(outcomes.filter(({ kind }) => kind === "delivered")).toHaveLength(49);
  expect(graph.requests).toBeLessThanOrEqual(1 + 2 * 6);
  expect(graph.messages.flatMap(({ deliveredTo }) => deliveredTo).sort()).toEqual(
    recipients.filter((each) => each !== "u17@x.test").sort(),
  );
});

test("many refused recipients do not make calls without end", async () => {
  const recipients = Array.from({ length: 100 }, (_, n) => `u${n}@x.test`);
  graph.configure({ invalidRecipients: recipients });
  const result = await carry({ recipients });
  expect(graph.requests).toBe(64);
  const kinds = result.kind === "attempted" ? result.outcomes.map(({ kind }) => kind) : [];
  expect(kinds).toHaveLength(100);
  expect(new Set(kinds)).toEqual(new Set(["permanent", "transient"]));
});

test("more recipients than go at once, and addresses without a domain", async () => {
  start({ maxRecipientsPerTransaction: 2 });
  const result = await carry({ recipients: ["a@x.test", "postmaster", "b@x.test", "c@x.test", "A@x.test"] });
  expect(graph.messages.map(({ deliveredTo }) => deliveredTo)).toEqual([
    ["a@x.test", "b@x.test"],
    ["c@x.test"],
  ]);
  expect(result.kind === "attempted" && result.outcomes.map(({ index, kind }) => [index, kind])).toEqual([
    [1, "permanent"],
    [0, "delivered"],
    [4, "delivered"],
    [2, "delivered"],
    [3, "delivered"],
  ]);
});

test("a header that grows too large goes in parts", async () => {
  const recipients = Array.from(
    { length: 300 },
    (_, n) => `${`u${n}`.padEnd(60, "x")}@${"y".repeat(60)}.${"z".repeat(60)}.test`,
  );
  const result = await carry({ recipients, content: content() + "x".repeat(3_100_000 - 100) });
  expect(result.kind === "attempted" && result.outcomes.every(({ kind }) => kind === "delivered")).toBe(true);
  expect(graph.messages).toHaveLength(2);
});

describe("answers", () => {
  const answering = (status: number, code?: string, headers?: Record<string, string>): void =>
    graph.configure({
      answer: () => ({ status, ...(code === undefined ? {} : { code }), ...(headers && { headers }) }),
    });

  test.each([
    [200, undefined, "transient", "4.3.0"],
    [500, undefined, "transient", "4.3.0"],
    [400, "ErrorMimeContentInvalidBase64String", "permanent", "5.6.0"],
    [400, "ErrorInvalidRecipients", "permanent", "5.1.3"],
    [404, "ErrorInvalidUser", "permanent", "5.1.8"],
    [413, undefined, "permanent", "5.3.4"],
  ] as const)("%i %s: the message is %s", async (status, code, kind, enhanced) => {
    answering(status, code);
    expect(await carry()).toMatchObject({
      kind: "attempted",
      outcomes: [{ kind, verdict: { status: enhanced } }],
    });
    expect(named("SenderHeld")).toEqual([]);
  });

  test("a sender that may not send so: the verdict names sender and mailbox", async () => {
    answering(403, "ErrorSendAsDenied");
    expect(await carry({ content: content() })).toMatchObject({
      outcomes: [
        {
          kind: "permanent",
          verdict: {
            status: "5.7.60",
            text: expect.stringMatching(
              /403 ErrorSendAsDenied.*mailbox relay@c\.test \(sender f@c\.test\)/,
            ) as string,
          },
        },
      ],
    });
  });

  test.each([
    [403, "ErrorAccessDenied", 300_000],
    [403, "ErrorMessageSubmissionBlocked", 3_600_000],
    [404, "MailboxNotEnabledForRESTAPI", 900_000],
    [507, "ErrorQuotaExceeded", 3_600_000],
  ])("%i %s holds the mailbox's mail, told once; others' goes", async (status, code, retryAfterMs) => {
    start({ senderMailboxes: {} });
    graph.configure({ answer: ({ mailbox }) => (mailbox === "f@c.test" ? { status, code } : undefined) });
    const mine = { content: content() };
    expect(await carry(mine)).toMatchObject({ kind: "throttled", retryAfterMs });
    expect(await carry(mine)).toMatchObject({ kind: "throttled" });
    expect(graph.requests).toBe(1);
    expect(named("SenderHeld")).toMatchObject([{ fields: { who: "f@c.test" } }]);
    expect(carrier.holding?.()).toContain(code);
    expect(await carry({ content: "From: g@c.test\r\n\r\n" })).toMatchObject({ kind: "attempted" });
    graph.configure({ answer: () => undefined });
    carrier.retryNow?.();
    expect(await carry(mine)).toMatchObject({ kind: "attempted" });
    expect(named("SenderReleased")).toHaveLength(1);
  });

  test.each([429, 503, 504])("%i: as long as it asks, not counted, nothing held in words", async (status) => {
    answering(status, undefined, { "Retry-After": "7" });
    expect(await carry()).toMatchObject({ kind: "throttled", retryAfterMs: 7_000 });
    expect(await carry()).toMatchObject({ kind: "throttled" });
    expect(graph.requests).toBe(1);
    expect(named("SenderThrottled")).toHaveLength(1);
    expect(named("SenderHeld")).toEqual([]);
  });

  test("a token that ends or is revoked: a new one, once", async () => {
    await carry();
    tokens.revoke();
    expect(await carry()).toMatchObject({ kind: "attempted", outcomes: [{ kind: "delivered" }] });
    expect(tokens.requests).toHaveLength(2);
    graph.configure({ isGood: () => false });
    expect(await carry()).toMatchObject({ kind: "unreachable", retryAfterMs: 300_000 });
    expect(tokens.requests).toHaveLength(3);
  });

  test("no token: the queue's failure", async () => {
    tokens.configure({ answer: () => ({ status: 503, body: "" }) });
    expect(await carry()).toMatchObject({
      kind: "unreachable",
      verdict: { text: expect.stringContaining("no token") as string },
    });
    expect(graph.requests).toBe(0);
  });

  test("held in the middle: who has it has it, the others wait uncounted", async () => {
    start({ maxRecipientsPerTransaction: 1 });
    graph.configure({ answer: ({ number }) => (number === 2 ? { status: 429 } : undefined) });
    expect(await carry({ recipients: ["a@x.test", "b@x.test", "c@x.test"] })).toMatchObject({
      kind: "attempted",
      outcomes: [
        { kind: "delivered", index: 0 },
        { kind: "transient", index: 1, retryAfterMs: 30_000 },
        { kind: "transient", index: 2, retryAfterMs: 30_000 },
      ],
    });
  });
});

describe("silence", () => {
  test("a reset in the middle of the upload: tried again", async () => {
    graph.configure({ resetAfterBytes: 100_000 });
    const result = await carry({ content: content() + "x".repeat(3_000_000) });
    expect(result).toMatchObject({ kind: "attempted", outcomes: [{ kind: "transient" }] });
    expect(graph.messages).toEqual([]);
  });
  test("a reset behind the whole message: nobody knows, said as that", async () => {
    graph.configure({ answer: () => "reset" });
    expect(await carry()).toMatchObject({ outcomes: [{ kind: "transient", unconfirmed: true }] });
  });
  test("nobody there: the queue's failure", async () => {
    await graph.close();
    expect(await carry()).toMatchObject({
      kind: "unreachable",
      verdict: { text: expect.stringContaining("refused") as string },
    });
    graph = await startGraphServer();
  });
  test("closing gives up what hangs", async () => {
    graph.configure({ answer: () => "hang" });
    const carried = carry();
    await expect.poll(() => graph.requests).toBe(1);
    await carrier.close(0);
    expect(await carried).toMatchObject({ outcomes: [{ kind: "transient", unconfirmed: true }] });
    expect(await carry()).toEqual({ kind: "aborted" });
  });
});

test("four at once for a mailbox, and others beside it", async () => {
  start({ senderMailboxes: {} });
  graph.configure({ takesMs: 10 });
  const claims = Array.from({ length: 40 }, (_, n) => carry({ content: `From: m${n % 3}@c.test\r\n\r\n` }));
  const results = await Promise.all(claims);
  expect(results.every(({ kind }) => kind === "attempted")).toBe(true);
  expect(graph.messages).toHaveLength(40);
  expect(graph.mostAtOnce).toBeLessThanOrEqual(4);
  expect(named("SenderThrottled")).toEqual([]);
});

test("neither token nor content is in a word that is said of them", async () => {
  graph.configure({
    answer: () => ({
      status: 400,
      code: "BadRequest",
      message: `cannot read ${tokens.issued.join(" ")} ${"QUJD".repeat(200)}`,
    }),
  });
  const result = JSON.stringify(await carry());
  expect(result).toContain("cannot read");
  expect(result).not.toContain("eyToken");
  expect(result).not.toContain("QUJDQUJD");
});

test.each([
  ["its own", "abc-1", /\(request-id abc-1\) for mailbox/],
  ["none that may stand in a log: ours", "abc 1", /\(request-id [\w-]{36}\) for mailbox/],
])("what Graph refuses is told with the id of the request, %s", async (_, id, words) => {
  graph.configure({
    answer: () => ({
      status: 403,
      code: "ErrorAccessDenied",
      message: "Access is denied.",
      headers: { "request-id": id },
    }),
  });
  const result = await carry();
  expect("verdict" in result ? result.verdict.text : "").toMatch(words);
});
