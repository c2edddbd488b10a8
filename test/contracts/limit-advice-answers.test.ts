/** What is answered to who asks for advice: sentences and commands that hold when they are followed to the letter. */
import { expect, test } from "vitest";
import type { Administered } from "../../src/admin/administered.ts";
import { limitAdviceHandlers } from "../../src/admin/handlers/limit-advice.ts";
import { receiveConnectorTestHandlers } from "../../src/admin/handlers/receive-connector-test.ts";
import { editConfiguration } from "../../src/config/edit.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import { UseObserver } from "../../src/core/advice/use-observer.ts";
import { QueueFull } from "../../src/core/what-if/queue-full.ts";
import { Replay, type ReplayOptions } from "../../src/core/what-if/replay.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import { burst, daily, dayMs, daysFrom, firstDayMs, hourMs, recordOf, type Stay } from "./recorded-days.ts";

const days = daysFrom(0, 7);
const file = (more: string, transport = ""): string => `${transport}receiveConnectors:
  - name: In
    bindings: ["0.0.0.0:25"]
    remoteIpRanges: ["10.0.0.0/8"]
    permissionGroups: [AnonymousUsers]
    anonymousRelay: true
    maxInboundConnectionPercentagePerSource: 100
${more}`;
const usual = [3, 6, 9].flatMap((connections, index) =>
  daily(days, (8 + index) * hourMs, (atMs) => burst(`10.0.0.${index + 1}`, atMs, connections)),
);
const greedy = daily(days, 12 * hourMs, (atMs) => burst("10.0.0.9", atMs, 80));

const askedNow = { signal: new AbortController().signal } as never;

async function asked(text: string, stays: readonly Stay[], connector?: string) {
  const { getLimitAdvice } = limitAdviceHandlers(administering(text, stays));
  return getLimitAdvice(connector === undefined ? {} : { connector }, askedNow);
}

const tested = (text: string, stays: readonly Stay[], name: string) =>
  receiveConnectorTestHandlers(administering(text, stays)).testReceiveConnector(
    {
      name,
      variants: [{}],
      from: new Date(firstDayMs).toISOString(),
      refusedClients: "gone",
      retryAfterMs: 1,
      tries: 1,
      sources: 20,
    },
    askedNow,
  );

function administering(text: string, stays: readonly Stay[], relay: Partial<Administered["relay"]> = {}) {
  const parsed = parseConfig(text, { file: "/etc/weir/weir.yaml", hostname: "relay.test" });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  const tell = recordOf(stays);
  const clock = createFakeClock();
  return {
    clock: { ...clock, wall: () => new Date(firstDayMs + 20 * dayMs) },
    relay: {
      settings: parsed.settings,
      trafficUse(period: ConstructorParameters<typeof UseObserver>[0]) {
        const observer = new UseObserver(period);
        tell(observer);
        return Promise.resolve({ ...observer.outcome(), damaged: [] });
      },
      replayTraffic(question: ReplayOptions) {
        const replay = new Replay(question);
        tell(replay);
        return Promise.resolve({ ...replay.outcome(), damaged: [] });
      },
      ...relay,
    },
  } as unknown as Administered;
}

test("of one connector alone the rate of all stays as it is, and what it refuses is told", async () => {
  const text = file("    messageRateLimit: 60\n", "transport: { maxConnectionRatePerMinute: 8 }\n");
  const one = await asked(text, usual, "In");
  expect(one.connectionRate).toBeNull();
  expect(one.connectors[0]?.refusals).toMatchObject({ before: 7, after: 7 });
  const all = await asked(text, usual);
  expect(all.connectionRate).toMatchObject({ change: "raise" });
  expect(all.connectors[0]?.refusals).toMatchObject({ before: 7, after: 0 });
});

test("who gets a connector of its own is named where it would be refused, and no command leaves it behind", async () => {
  const { connectors } = await asked(file(""), [...usual, ...greedy]);
  const [advice] = connectors;
  expect(advice?.own).toMatchObject([{ remoteIpRanges: ["10.0.0.9"] }]);
  const perSource = advice?.limits.find(({ limit }) => limit === "maxInboundConnectionPerSource");
  expect(perSource?.reason).toMatch(
    / 10\.0\.0\.9 needs 80: it is right together with a connector of its own for it\.$/,
  );
  const rate = advice?.limits.find(({ limit }) => limit === "messageRateLimit");
  for (const command of [advice?.command, rate?.command])
    expect(command).toBe("weir Get-LimitAdvice -Connector In -Apply");
});

test("a command for a rate that nobody is counted by sets by what they are", async () => {
  const { connectors } = await asked(file("    messageRateSource: None\n"), usual);
  const rate = connectors[0]?.limits.find(({ limit }) => limit === "messageRateLimit");
  expect(rate?.command).toBe(
    "weir Set-ReceiveConnector In -MessageRateLimit 30 -MessageRateSource IPAddress",
  );
});

test("what is learned is put in force by nothing less than all of it", async () => {
  const learning = file(
    '    reportOnly: [maxInboundConnectionPerSource]\n    learnUntil: "2026-12-06T10:00:00Z"\n',
  );
  const { connectors } = await asked(learning, usual);
  expect(connectors[0]?.command).toBe("weir Get-LimitAdvice -Connector In -Apply");
});

test("of limits that have to be looser only that which refused good sources is, and it is said which", async () => {
  // One account from two addresses: each by itself is looked at, and both together are counted.
  const shared = ["10.0.0.7", "10.0.0.8"].flatMap((source) =>
    daily(days, 14 * hourMs, (atMs) => burst(source, atMs, 40, { user: "erp", lastsMs: 60 })),
  );
  const text = file(
    "    messageRateLimit: 60\n    messageRateSource: User\n    maxInboundConnectionPerSource: 50\n",
  );
  const { connectors } = await asked(text, [...usual, ...shared]);
  const [advice] = connectors;
  const limitOf = (name: string) => advice?.limits.find(({ limit }) => limit === name);
  expect(advice?.refusals.after).toBe(0);
  expect(limitOf("messageRateLimit")?.value).toBeGreaterThanOrEqual(80);
  expect(limitOf("messageRateLimit")?.reason).toMatch(
    / It is [\d.]+ times what that asks for: replayed with less, it refused good sources \d+ times?; \d+ is the least tried that does not\.$/,
  );
  // Nobody had more than nine: loosened with the others it would be twice as much.
  expect(limitOf("maxInboundConnectionPerSource")).toMatchObject({ value: 15, change: "lower" });
  expect(limitOf("maxInboundConnectionPerSource")?.reason).not.toContain("times what that asks for");
});

test("who waits is told behind how many, and who is one too many what to do", async () => {
  const full = administering(file(""), usual, { trafficUse: () => Promise.reject(new QueueFull(9)) });
  await expect(limitAdviceHandlers(full).getLimitAdvice({}, askedNow)).rejects.toMatchObject({
    code: "tooManyRequests",
    message:
      "9 questions about the recorded traffic were asked before this one, and they are answered one at a time: ask again in a minute",
  });
  const plain = administering(file(""), usual);
  const halves: (boolean | undefined)[] = [];
  const waiting = administering(file(""), usual, {
    trafficUse(question, turn) {
      halves.push(turn?.isNext);
      turn?.onAhead?.(2);
      return plain.relay.trafficUse(question, turn);
    },
    replayTraffic(question, turn) {
      halves.push(turn?.isNext);
      return plain.relay.replayTraffic(question, turn);
    },
  });
  const told: number[] = [];
  await new Promise<void>((resolve) => {
    limitAdviceHandlers(waiting).followLimitAdvice(
      {},
      ({ ahead, answer }) => {
        told.push(ahead);
        if (answer !== null) resolve();
      },
      askedNow,
    );
  });
  expect(told[0]).toBe(2);
  expect(told.at(-1)).toBe(0);
  // Whoever waited once does not wait again.
  expect(halves).toEqual([undefined, true]);
});

test("IPv6 addresses are one source as they are grouped now, whatever they were then", async () => {
  const text = (length: number) => `transport: { ipv6SourcePrefixLength: ${length} }
receiveConnectors:
  - name: In
    bindings: ["[::]:25"]
    remoteIpRanges: ["2001:db8::/32"]
    permissionGroups: [AnonymousUsers]
`;
  const stays = ["2001:db8::1", "2001:db8::2"].flatMap((source) =>
    daily(days, 8 * hourMs, (atMs) => burst(source, atMs, 8)),
  );
  for (const [length, sources, highest] of [
    [64, ["2001:db8::/64"], 16],
    [128, ["2001:db8::1", "2001:db8::2"], 8],
  ] as const) {
    const { present } = await tested(text(length), stays, "In");
    expect(present?.sources.map(({ source }) => source).toSorted()).toEqual(sources);
    expect(present?.highestOpenFromSource.value).toBe(highest);
    const { connectors } = await asked(text(length), stays);
    expect(connectors[0]?.use.map(({ source }) => source).toSorted()).toEqual(sources);
  }
});

test("what came to a connector that was renamed or replaced since is said to be counted elsewhere", async () => {
  const renamed = file("").replace("name: In", "name: Relay");
  const then = await tested(renamed, usual, "Relay");
  expect(then.present?.connections).toBe(126);
  expect(then.notes).toContain(
    "126 connections came to In then, and would come to Relay as receive connectors are set up now: they count there.",
  );
  const narrowed = await tested(file("").replace("10.0.0.0/8", "10.9.0.0/16"), usual, "In");
  expect(narrowed.present).toMatchObject({ connections: 0, notServed: 126 });
  expect(narrowed.notes).toContain(
    "126 connections came to In then, and would be served by no receive connector as they are set up now: they count as not served.",
  );
  expect((await tested(file(""), usual, "In")).notes.join()).not.toContain("then, and would");
  const { connectors, notes } = await asked(renamed, usual);
  expect(notes).toEqual([
    "126 connections came to In then, and would come to Relay as receive connectors are set up now: they count there.",
  ]);
  expect(connectors[0]?.limits.find(({ limit }) => limit === "maxInboundConnectionPerSource")?.highest).toBe(
    9,
  );
  expect(
    (await asked(file("").replace("10.0.0.0/8", "10.9.0.0/16"), usual)).connectors[0]?.notEnough,
  ).toMatch(/^Not enough data: 0 connections came to it/);
});

const learning = `    reportOnly: [maxInboundConnectionPerSource]
    learnUntil: "2026-12-06T10:00:00Z"
`;
const second = (more: string, port = 26) =>
  file(more).replace("receiveConnectors:\n", "").replace("name: In", "name: Two").replace(":25", `:${port}`);

/** What the file says when all of it was done. */
function done(text: string, { edits }: { readonly edits: Parameters<typeof editConfiguration>[1] }) {
  const edited = editConfiguration(text, edits);
  if (!edited.ok) throw new Error(edited.message);
  const parsed = parseConfig(edited.text, { file: "/etc/weir/weir.yaml", hostname: "relay.test" });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.settings;
}

test("a connector that was renamed while it learned, or is spelt otherwise, has learned all of it", async () => {
  const [before, after] = [daysFrom(0, 6), [6]];
  const text = file(learning).replace("name: In", "name: RELAY");
  for (const then of ["Old", "Relay"]) {
    const stays = [
      ...daily(before, 8 * hourMs, (atMs) => burst("10.0.0.1", atMs, 60, { connector: then })),
      ...daily(after, 8 * hourMs, (atMs) => burst("10.0.0.2", atMs, 5, { connector: "RELAY" })),
    ];
    const [relay] = done(text, await asked(text, stays)).receiveConnectors;
    expect(relay?.remoteIpRanges.map(({ text: range }) => range)).toEqual(["10.0.0.1", "10.0.0.2"]);
    expect(relay?.maxInboundConnectionPerSource).toBeGreaterThanOrEqual(60);
  }
});

test("two that learn at once are one change: names are added once, and an address has one application", async () => {
  const text = file(learning) + second(learning);
  const stays = [
    ...daily(days, 8 * hourMs, (atMs) => burst("10.0.0.1", atMs, 20, { heloName: "erp.test" })),
    ...daily(days, 9 * hourMs, (atMs) =>
      ["10.0.0.1", "10.0.0.2"].flatMap((source) =>
        burst(source, atMs, 20, {
          heloName: source === "10.0.0.1" ? "crm.test" : "erp.test",
          connector: "Two",
        }),
      ),
    ),
  ];
  const { receiveConnectors, applications } = done(text, await asked(text, stays));
  expect(receiveConnectors.map(({ learnUntil }) => learnUntil)).toEqual([undefined, undefined]);
  expect(applications.map(({ name, addresses }) => [name, addresses.map((one) => one.text)])).toEqual([
    ["erp", ["10.0.0.1", "10.0.0.2"]],
  ]);
});

test("connectors of their own have names of their own, and what was set for their parent", async () => {
  const more = "    connectionTimeout: 20m\n    tarpitInterval: 0s\n";
  const text = file(more) + second(more) + "applications: [{ name: ERP, addresses: [10.0.0.9] }]\n";
  const stays = ["In", "Two"].flatMap((connector) =>
    [...usual, ...greedy].map((stay) => ({ ...stay, connector })),
  );
  const { receiveConnectors } = done(text, await asked(text, stays));
  expect(
    receiveConnectors.map(({ name, connectionTimeout, bindings }) => [
      name,
      connectionTimeout,
      bindings[0]?.port,
    ]),
  ).toEqual([
    ["In", 1_200_000, 25],
    ["Two", 1_200_000, 26],
    ["ERP", 1_200_000, 25],
    ["ERP 2", 1_200_000, 26],
  ]);
});

test("advice that was followed is not given anew: who has a connector of its own is no reason for another's limits", async () => {
  const text = file("");
  const stays = [...usual, ...greedy];
  const { settings } = { settings: done(text, await asked(text, stays)) };
  const [own] = settings.receiveConnectors.filter(({ name }) => name !== "In");
  const followed = `${file("    maxInboundConnectionPerSource: 15\n    messageRateLimit: 30\n")}${second("").replace("name: Two", "name: Own").replace(":26", ":25").replace("10.0.0.0/8", "10.0.0.9")}`;
  expect(own?.remoteIpRanges.map(({ text: range }) => range)).toEqual(["10.0.0.9"]);
  const { connectors } = await asked(followed, stays);
  expect(connectors.map(({ connector, use }) => [connector, use.length])).toEqual([
    ["In", 3],
    ["Own", 1],
  ]);
  expect(connectors[0]?.limits.map(({ change }) => change)).toEqual(["keep", "keep", "keep", "keep"]);
});

test("what others have known for weeks is not enough for a connector that is new", async () => {
  const text = file("") + second(learning);
  const fresh = burst("10.0.0.2", 6 * dayMs + 12 * hourMs, 120, { connector: "Two" });
  const [, two] = (await asked(text, [...usual, ...fresh])).connectors;
  expect(two?.notEnough).toBe("Not enough data: it has been in use for 0 hours, and advice needs two days.");
});

test.each([
  [9_000, 10_000],
  [11_000, Infinity],
])(
  "what is advised can be set, also where %i connections of one source were open",
  async (count, perSource) => {
    const huge = daily(days, 8 * hourMs, (atMs) => burst("10.0.0.1", atMs, count, { messages: [] }));
    const text = file("    maxInboundConnection: unlimited\n");
    const answer = await asked(text, huge);
    const [relay] = done(text, answer).receiveConnectors;
    expect(relay).toMatchObject({ maxInboundConnectionPerSource: perSource });
    expect(answer.connectors[0]?.refusals.after).toBe(0);
    const highest = answer.connectors[0]?.limits.map((limit) => limit.highest) ?? [];
    expect(highest.every(Number.isFinite)).toBe(true);
  },
);

test("files of a directory are no reason to let their machine in by SMTP", async () => {
  const files = daily(days, 9 * hourMs, (atMs) => burst("127.0.0.1", atMs, 5, { door: "PICKUP" }));
  const text = file(learning);
  const { receiveConnectors, applications } = done(text, await asked(text, [...usual, ...files]));
  expect(receiveConnectors[0]?.remoteIpRanges.map(({ text: range }) => range)).toEqual([
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.3",
  ]);
  expect(applications.map(({ name }) => name)).not.toContain("app 127.0.0.1");
});
