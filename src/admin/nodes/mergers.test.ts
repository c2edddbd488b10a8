import { expect, test } from "vitest";
import { eventPlaceOf, joinedEvents, joinedHistory } from "./merged-history.ts";
import { joinedSenders } from "./merged-senders.ts";
import { mergedTrackingLines } from "./merged-tracking-lines.ts";
import { mergers } from "./mergers.ts";
import { doneEverywhere } from "./done-everywhere.ts";
import { NodeSilent } from "./node-channel.ts";

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const entry = (second: number, sequence: number) => ({ at: at(second), sequence }) as never;

test("logs are one, newest first, and keep their own order where a clock went back", () => {
  const a = { server: "a", entries: [{ at: at(9) }, { at: at(3) }] };
  const b = { server: "b", entries: [{ at: at(5) }, { at: at(7) }, { at: at(1) }] };
  const of = (most: number) => joinedHistory([a, b], most).map((one) => [one.server, one.at]);
  expect(of(10)).toEqual([
    ["a", at(9)],
    ["b", at(5)],
    ["b", at(7)],
    ["a", at(3)],
    ["b", at(1)],
  ]);
  expect(of(2)).toHaveLength(2);
  expect(joinedHistory([], 5)).toEqual([]);
});

test("events come in pages, each once, also of a node that had none in the page before", () => {
  const logs = {
    a: [entry(9, 3), entry(8, 2), entry(2, 1)],
    b: [entry(5, 70), entry(1, 60)],
  };
  const seen: unknown[] = [];
  let before: string | undefined;
  for (let page = 0; page < 5; page++) {
    const answers = (["a", "b"] as const).map((server) => {
      const place = eventPlaceOf(before, server) ?? Infinity;
      const events = logs[server].filter(({ sequence }) => sequence < place).slice(0, 2);
      return { server, output: { events } };
    });
    const joined = joinedEvents.merge(answers, 2, before);
    seen.push(...joined.events.map(({ server, sequence }) => `${server}${sequence}`));
    // One that comes in between two pages belongs to neither.
    if (page === 0) logs.b.unshift(entry(10, 80));
    if (joined.next === undefined) break;
    before = joined.next;
  }
  expect(seen).toEqual(["a3", "a2", "b70", "a1", "b60"]);
});

test("tracking logs are one, oldest first, with one head; the newest so many", async () => {
  async function* log(...pieces: string[]): AsyncGenerator<Buffer> {
    for (const piece of pieces) yield Buffer.from(piece);
  }
  const of = async (most?: number): Promise<string> => {
    const all: Buffer[] = [];
    const logs = [
      log("#head\r\n#date\r\n", `${at(1)},a1\r\n${at(4)},`, "a2\r\n"),
      log(`#head\r\n${at(2)},b1\r\n`, `${at(5)},b2\r\n`),
      log("#head\r\n"),
    ];
    for await (const piece of mergedTrackingLines(logs, most)) all.push(piece);
    return Buffer.concat(all)
      .toString()
      .replaceAll(/[^,\n#]*,|\r/g, "");
  };
  expect(await of()).toBe("#head\n#date\na1\nb1\na2\nb2\n");
  expect(await of(2)).toBe("#head\n#date\na2\nb2\n");
});

test("a queue is one, with the most pressing of what its nodes met", () => {
  const queue = (status: string, running: number, lastError: string | null, nextRetryAt: string | null) => ({
    identity: "Out;mx",
    status,
    messages: 5,
    running,
    waiting: 1,
    retryCount: lastError === null ? 0 : 2,
    lastError,
    waitsForTurn: null,
    holds: [],
    firstRetryAt: null,
    lastRetryAt: null,
    nextRetryAt,
    backlogEndsAt: null,
    fallback: null,
    incomingRate: 1,
    outgoingRate: 2,
    velocity: 1,
  });
  const answer = (server: string, one: object) => ({
    server,
    output: { queues: [one], total: 1, nonEmpty: 1, messages: 5 } as never,
  });
  const merged = mergers.listQueues?.merge(
    [answer("a", queue("Active", 2, null, null)), answer("b", queue("Retry", 0, "refused", at(30)))],
    { limit: 10, offset: 0 },
  );
  expect(merged).toMatchObject({
    total: 1,
    messages: 5,
    queues: [
      {
        messages: 5,
        status: "Retry",
        running: 2,
        waiting: 2,
        retryCount: 2,
        lastError: "refused",
        nextRetryAt: at(30),
        outgoingRate: 4,
        nodes: [
          { server: "a", status: "Active", running: 2 },
          { server: "b", status: "Retry", lastError: "refused" },
        ],
      },
    ],
  });
  const asked = mergers.listQueues?.asked?.({ limit: 10, offset: 20 });
  expect(asked).toEqual({ offset: 0, limit: 30 });
});

test("limits: what all count is counted once, what each counts is added up", () => {
  const row = (limit: string, highest: number, refused: number) => ({
    limit,
    configured: 20,
    allowed: 20,
    inUse: 1,
    highestLastHour: highest,
    highestLastDay: highest,
    refusedLastHour: refused,
    refusedLastDay: refused,
    topSources: [
      {
        source: "10.0.0.1",
        application: null,
        inUse: 1,
        highestLastDay: highest,
        refusedLastHour: refused,
        refusedLastDay: refused,
      },
    ],
    watched: {
      value: 3,
      reportOnly: true,
      wouldRefuseLastHour: refused,
      wouldRefuseLastDay: refused,
      topSources: [{ source: "10.0.0.1", application: null, wouldRefuseLastDay: refused }],
    },
  });
  const answer = (server: string, highest: number, refused: number) => ({
    server,
    output: {
      connectors: [
        {
          connector: "In",
          openConnections: 2,
          waiting: 1,
          sources: 3,
          limits: [
            row("maxInboundConnectionPerSource", highest, refused),
            row("messageRateLimit", highest, refused),
          ],
        },
      ],
      connectionRate: row("maxConnectionRatePerMinute", highest, refused),
      since: at(highest),
    } as never,
  });
  expect(mergers.getLimitUsage?.merge([answer("a", 7, 2), answer("b", 9, 3)], {})).toMatchObject({
    since: at(7),
    connectors: [
      {
        openConnections: 4,
        waiting: 2,
        limits: [
          { highestLastDay: 9, refusedLastDay: 5, inUse: 2, watched: { wouldRefuseLastDay: 5 } },
          { highestLastDay: 16, refusedLastDay: 5 },
        ],
      },
    ],
    connectionRate: { highestLastDay: 16, inUse: 2 },
  });
});

test("messages that another holds are done there, by name, and what nobody did is passed", async () => {
  const asked: unknown[] = [];
  const walked = { examined: 4, complete: true, next: null };
  const own = { done: 1, pending: 0, unchanged: 0, passed: 3, heldElsewhere: ["q\\1", "q\\2"], ...walked };
  const input = { filter: "Size -gt 1", queue: "q", limit: 9, withNdr: false };
  const merged = await doneEverywhere("removeMessages", input, {
    own: () => own,
    others: ["b", "c"],
    ask(server, given) {
      asked.push([server, given]);
      if (server === "c") return Promise.reject(new NodeSilent("it is down"));
      return Promise.resolve({ done: 1, pending: 0, unchanged: 0, passed: 1, ...walked });
    },
  });
  expect(asked).toEqual([
    ["b", { limit: 9, withNdr: false, identities: ["q\\1", "q\\2"] }],
    ["c", { limit: 9, withNdr: false, identities: ["q\\1", "q\\2"] }],
  ]);
  expect(merged).toEqual({
    done: 2,
    pending: 0,
    unchanged: 0,
    passed: 2,
    ...walked,
    unanswered: [{ server: "c", reason: "it is down" }],
  });
  const alone = await doneEverywhere("removeMessages", input, {
    own: () => ({ done: 2, pending: 0, unchanged: 0, passed: 0, ...walked }),
    others: ["b"],
    ask: () => Promise.reject(new Error("nobody is to be asked")),
  });
  expect(alone).toMatchObject({ done: 2, passed: 0 });
});

test("a point a second is told of all, and of those that were in time", () => {
  const told: { readonly received: number }[] = [];
  const follower = mergers.followOverview?.follow?.((item) => told.push(item as never), ["a", "b"]);
  const point = (received: number) => ({ at: at(1), received, connections: 1, queued: 4 });
  follower?.hear("a", point(1));
  follower?.hear("b", point(2));
  follower?.hear("a", point(5));
  follower?.hear("a", point(6));
  follower?.end();
  expect(told).toMatchObject([{ received: 3, connections: 2, queued: 4 }, { received: 5 }]);
});

test("a sender that one node has seen is not silent because another has not", () => {
  const row = (source: string, last: number, silentSince?: number) => ({
    source,
    user: "",
    firstSeen: at(0),
    lastSeen: at(last),
    lastMessage: null,
    usualPerDay: null,
    ...Object.fromEntries(
      ["connections", "messages", "recipients", "octets", "refusals", "sourceCount"].map((name) => [name, 1]),
    ),
    ...Object.fromEntries(
      ["doors", "tls", "mechanisms", "heloNames", "connectors", "sources"].map((name) => [name, []]),
    ),
    findings: silentSince === undefined ? [] : [silent(source, silentSince)],
  });
  const silent = (source: string, since: number) => ({
    kind: "silentSender",
    who: source,
    source,
    application: null,
    since: at(since),
    text: "is silent",
  });
  const answers = [
    {
      senders: [row("10.0.0.1", 5, 20), row("10.0.0.2", 5, 20)],
      findings: [silent("10.0.0.1", 20), silent("10.0.0.2", 20)],
    },
    { senders: [row("10.0.0.1", 30), row("10.0.0.2", 10)], findings: [] },
  ].map((output, index) => ({ server: `n${index}`, output: { since: at(0), total: 2, ...output } }));
  const joined = joinedSenders(answers as never, 10);
  expect(joined.findings.map(({ who }) => who)).toEqual(["10.0.0.2"]);
  expect(joined.senders.map(({ source, findings }) => [source, findings.length])).toEqual([
    ["10.0.0.1", 0],
    ["10.0.0.2", 1],
  ]);
});
