import { describe, expect, it } from "vitest";
import { adviseLimit } from "../../core/policy/limit-advice.ts";
import { refusalCatalogue, type RefusalKind } from "../../core/refusals/catalogue.ts";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { toldRefusal } from "../../testing/test-refusal.ts";
import { createLimitUsage, type LimitUsage } from "./usage.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const perSource = "maxInboundConnectionPerSource";

function setup(maxSources?: number) {
  const clock = createFakeClock();
  const usage = createLimitUsage({ clock, ...(maxSources !== undefined && { maxSources }) });
  return { clock, usage, client: createClient(usage, clock) };
}

/** Keeps the counts that a ledger would. */
function createClient(usage: LimitUsage, clock: FakeClock) {
  const openBy = new Map<string, number[]>();
  let open = 0;
  return {
    enter(source = "10.0.0.1", times = 1) {
      for (let n = 0; n < times; n++) {
        const mine = openBy.get(source) ?? [];
        openBy.set(source, mine);
        mine.push(clock.now());
        usage.entered("AppRelay", source, { open: ++open, openFromSource: mine.length });
      }
    },
    leave(source = "10.0.0.1", times = 1) {
      for (let n = 0; n < times; n++) {
        const openedAt = openBy.get(source)?.shift();
        if (openedAt === undefined) throw new Error("nothing to leave");
        open--;
        usage.left("AppRelay", source, openedAt);
      }
    },
    refuse: (kind: RefusalKind = "connectionLimitPerSource", source = "10.0.0.1", times = 1) => {
      for (let n = 0; n < times; n++) usage.refused("AppRelay", source, toldRefusal(kind, { source }));
    },
  };
}

const row = (usage: LimitUsage, limit: string) => {
  const found = usage.connectors()[0]?.limits.find((each) => each.limit === limit);
  if (found === undefined) throw new Error(`no row for ${limit}`);
  return found;
};

describe("limit usage of a connector", () => {
  it("tells what is in use, the peaks of the hour and of the day, and refusals", async () => {
    const { usage, client, clock } = setup();
    client.enter("10.0.0.1", 5);
    client.enter("10.0.0.2", 3);
    client.leave("10.0.0.1", 4);
    client.refuse("connectionLimitPerSource", "10.0.0.2", 2);
    expect(row(usage, "maxInboundConnection")).toMatchObject({
      inUse: 4,
      highestLastHour: 8,
      refusedLastHour: 0,
    });
    expect(row(usage, perSource)).toMatchObject({
      inUse: 3,
      highestLastHour: 5,
      refusedLastHour: 2,
      refusedLastDay: 2,
    });
    await clock.advance(2 * hourMs);
    // Those still open count in every minute.
    expect(row(usage, "maxInboundConnection")).toMatchObject({
      inUse: 4,
      highestLastHour: 4,
      highestLastDay: 8,
    });
    expect(row(usage, perSource)).toMatchObject({
      highestLastHour: 3,
      highestLastDay: 5,
      refusedLastHour: 0,
      refusedLastDay: 2,
    });
    await clock.advance(dayMs);
    expect(row(usage, perSource)).toMatchObject({ highestLastDay: 3, refusedLastDay: 0 });
    client.leave("10.0.0.1");
    client.leave("10.0.0.2", 3);
    expect(row(usage, "maxInboundConnection").inUse).toBe(0);
    expect(row(usage, perSource).inUse).toBe(0);
  });

  it("names the sources that were refused most, then those that use most", () => {
    const { usage, client } = setup();
    client.enter("10.0.0.9", 7);
    for (let n = 1; n <= 20; n++) {
      client.enter(`10.0.1.${n}`);
      client.refuse("connectionLimitPerSource", `10.0.1.${n}`, n);
    }
    const { topSources } = row(usage, perSource);
    expect(topSources.map(({ source }) => source)).toEqual(
      [20, 19, 18, 17, 16, 15, 14, 13, 12, 11].map((n) => `10.0.1.${n}`),
    );
    expect(topSources[0]).toEqual({
      source: "10.0.1.20",
      inUse: 1,
      highestLastDay: 1,
      refusedLastHour: 20,
      refusedLastDay: 20,
    });
    expect(row(usage, "maxInboundConnection").topSources[0]).toMatchObject({ source: "10.0.0.9", inUse: 7 });
  });

  it("counts messages by sliding minute, and refused ones as wanted", async () => {
    const { usage, client, clock } = setup();
    for (let n = 0; n < 30; n++) {
      usage.message("AppRelay", "10.0.0.1");
      await clock.advance(1_000);
    }
    client.refuse("messageRate", "10.0.0.1", 5);
    expect(row(usage, "messageRateLimit")).toMatchObject({
      inUse: 30,
      highestLastHour: 30,
      wantedLastHour: 35,
      refusedLastHour: 5,
    });
    await clock.advance(minuteMs);
    expect(row(usage, "messageRateLimit")).toMatchObject({ inUse: 0, highestLastHour: 30 });
    expect(usage.source("10.0.0.1")[0]).toMatchObject({
      messagesLastMinute: 0,
      highestMessagesLastHour: 30,
      wantedMessagesLastHour: 35,
    });
  });

  it("keeps so many sources; those with open connections stay", () => {
    const { usage, client } = setup(100);
    client.enter("10.0.0.1");
    for (let n = 0; n < 5_000; n++) client.refuse("connectionLimitPerSource", `10.1.${n >> 8}.${n % 256}`);
    expect(usage.connectors()[0]?.sources).toBeLessThanOrEqual(101);
    expect(usage.source("10.0.0.1")[0]?.open).toBe(1);
    expect(usage.source("10.1.0.0")).toEqual([]);
    expect(usage.source("10.1.19.135")).toHaveLength(1);
    client.leave("10.0.0.1");
    expect(row(usage, perSource).inUse).toBe(0);
  });

  it("comes back to zero after many connections of many sources", () => {
    const { usage, client } = setup(50);
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 200; n++) client.enter(`10.2.0.${n}`, 2);
      for (let n = 0; n < 200; n++) client.leave(`10.2.0.${n}`, 2);
    }
    expect(row(usage, "maxInboundConnection")).toMatchObject({ inUse: 0, highestLastHour: 400 });
    expect(row(usage, perSource)).toMatchObject({ inUse: 0, highestLastHour: 2 });
  });

  it("counts refusals by limits it does not measure", () => {
    const { usage, client } = setup();
    client.enter();
    client.refuse("tooManyErrors");
    expect(row(usage, "maxProtocolErrors")).toMatchObject({ inUse: 0, refusedLastHour: 1 });
    // It ended a connection there was; no further one was wanted.
    expect(row(usage, perSource)).toMatchObject({ inUse: 1, wantedLastHour: 1 });
    expect(usage.source("10.0.0.1")[0]).toMatchObject({
      wantedConnectionsLastHour: 1,
      refusals: [{ last: { limit: "maxProtocolErrors" } }],
    });
    expect(usage.connectionRate().wantedLastHour).toBe(1);
  });
});

describe("limit usage of a source", () => {
  it("tells what would have been enough, and the advice follows", async () => {
    const { usage, client, clock } = setup();
    client.enter("10.0.0.2", 10);
    client.enter("10.0.0.1", 20);
    client.refuse("connectionLimitPerSource", "10.0.0.1", 5);
    const [source] = usage.source("::ffff:10.0.0.1");
    expect(source).toMatchObject({
      connector: "AppRelay",
      source: "10.0.0.1",
      open: 20,
      highestOpenLastHour: 20,
      meanConnectionMs: undefined,
      wantedConnectionsLastHour: 25,
      wantedConnectionsLastDay: 25,
      openByOthersLastDay: 10,
      refusals: [
        { lastHour: 5, lastDay: 5, lastAt: clock.wall(), last: { limit: perSource, reference: "R1" } },
      ],
    });
    const advice = adviseLimit(
      {
        name: "AppRelay",
        messageRateLimit: Infinity,
        maxInboundConnection: 5000,
        maxInboundConnectionPerSource: 20,
        maxInboundConnectionPercentagePerSource: 2,
      },
      {
        kind: "connections",
        fromSource: source?.wantedConnectionsLastDay ?? 0,
        byOthers: source?.openByOthersLastDay ?? 0,
      },
    );
    expect(advice?.command).toBe("Set-ReceiveConnector AppRelay -MaxInboundConnectionPerSource 35");
    await clock.advance(2 * hourMs);
    expect(usage.source("10.0.0.1")[0]).toMatchObject({
      wantedConnectionsLastHour: 20,
      wantedConnectionsLastDay: 25,
    });
  });

  it("counts a refused connection for as long as the source's own ones last", async () => {
    const { usage, client, clock } = setup();
    for (let n = 0; n < 10; n++) {
      client.enter();
      await clock.advance(100);
      client.leave();
    }
    expect(usage.source("10.0.0.1")[0]?.meanConnectionMs).toBe(100);
    for (let n = 0; n < 50; n++) {
      client.refuse();
      await clock.advance(1_000);
    }
    // One a second, each gone after a tenth of one: never more than one at a time.
    expect(usage.source("10.0.0.1")[0]?.wantedConnectionsLastHour).toBe(1);
  });

  it("is found by any address of its IPv6 network", () => {
    const { usage, client } = setup();
    client.enter("2001:db8::/64");
    expect(usage.source("2001:db8::17")[0]?.source).toBe("2001:db8::/64");
    expect(usage.source("2001:db8::/64")).toHaveLength(1);
    expect(usage.source("2001:db8:1::17")).toEqual([]);
  });
});

it("the connection rate counts all connectors, refused ones as wanted", async () => {
  const { usage, client, clock } = setup();
  client.enter("10.0.0.1", 3);
  client.refuse();
  usage.entered("Other", "10.0.0.1", { open: 1, openFromSource: 1 });
  client.refuse("connectionRate", "10.0.0.3", 2);
  expect(usage.connectionRate()).toMatchObject({
    inUse: 5,
    highestLastHour: 5,
    wantedLastHour: 7,
    refusedLastHour: 2,
    topSources: [{ source: "10.0.0.3", refusedLastDay: 2 }],
  });
  await clock.advance(minuteMs);
  expect(usage.connectionRate()).toMatchObject({ inUse: 0, highestLastDay: 5 });
});

describe("refusals of any kind", () => {
  const relayDenied = (source: string, about: string) => toldRefusal("unableToRelay", { source, about });

  it("are counted by connector, source and kind, with what they were about", async () => {
    const { usage, clock } = setup();
    for (const domain of ["a.example", "b.example", "a.example"])
      usage.refused("AppRelay", "10.0.0.1", relayDenied("10.0.0.1", domain));
    usage.refused("AppRelay", "10.0.0.1", toldRefusal("messageTooLarge", { seen: 50 }));
    usage.refused("AppRelay", "10.0.0.1", toldRefusal("messageTooLarge", { seen: 40 }));
    usage.refused(undefined, "10.0.0.9", toldRefusal("noConnector", { connector: undefined }));
    expect(usage.refusals()).toMatchObject([
      {
        connector: "AppRelay",
        source: "10.0.0.1",
        refusals: [
          { last: { kind: "unableToRelay" }, lastHour: 3, about: ["b.example", "a.example"] },
          { last: { kind: "messageTooLarge", seen: 40 }, lastHour: 2, mostSeen: 50, about: [] },
        ],
      },
      { connector: "(none)", source: "10.0.0.9", refusals: [{ last: { kind: "noConnector" } }] },
    ]);
    // A refusal that is no limit's is in no limit's row.
    expect(usage.connectors()[0]?.limits.map(({ limit }) => limit)).not.toContain(undefined);
    expect(row(usage, "maxMessageSize")).toMatchObject({
      refusedLastHour: 2,
      topSources: [{ refusedLastDay: 2 }],
    });
    await clock.advance(dayMs + hourMs);
    expect(usage.refusals()).toEqual([]);
  });

  it("of both sizes count for their one limit", () => {
    const { usage } = setup();
    usage.refused("AppRelay", "10.0.0.1", toldRefusal("messageTooLarge"));
    usage.refused("AppRelay", "10.0.0.1", toldRefusal("declaredTooLarge"));
    expect(row(usage, "maxMessageSize")).toMatchObject({ refusedLastHour: 2 });
  });

  it("keep so many kinds and names for a source: those met longest ago go", async () => {
    const { usage, clock } = setup();
    const kinds = (Object.keys(refusalCatalogue) as RefusalKind[]).slice(0, 30);
    for (const kind of kinds) {
      usage.refused("AppRelay", "10.0.0.1", toldRefusal(kind));
      await clock.advance(1_000);
    }
    for (let n = 0; n < 20; n++)
      usage.refused("AppRelay", "10.0.0.1", relayDenied("10.0.0.1", `d${n}.example`));
    const kept = usage.source("10.0.0.1")[0]?.refusals ?? [];
    expect(kept).toHaveLength(16);
    expect(kept.map(({ last }) => last.kind)).toEqual(expect.arrayContaining(kinds.slice(-15)));
    expect(kept.find(({ last }) => last.kind === "unableToRelay")?.about).toEqual(
      [15, 16, 17, 18, 19].map((n) => `d${n}.example`),
    );
  });

  it("of a burst are wanted connections, however short the ones before were", async () => {
    const { usage, client, clock } = setup();
    for (let n = 0; n < 50; n++) {
      client.enter();
      await clock.advance(5);
      client.leave();
    }
    await clock.advance(60_000);
    client.enter("10.0.0.1", 20);
    for (let n = 0; n < 130; n++) {
      client.refuse();
      if (n % 4 === 3) await clock.advance(1);
    }
    expect(usage.source("10.0.0.1")[0]?.wantedConnectionsLastHour).toBe(150);
    expect(row(usage, perSource)).toMatchObject({ wantedLastHour: 150 });
  });
});

it("keeps a thousand connectors; one without open connections makes room for the next", () => {
  const { usage } = setup();
  const enter = (name: string): void => usage.entered(name, "10.0.0.1", { open: 1, openFromSource: 1 });
  const message = (name: string): void => usage.message(name, "10.0.0.1");
  enter("busy");
  message("idle");
  for (let n = 0; n < 998; n++) enter(`c${n}`);
  const names = (): string[] => usage.connectors().map(({ connector }) => connector);
  expect(names()).toHaveLength(1_000);
  message("one more");
  expect(names()).toHaveLength(1_000);
  expect([names().includes("busy"), names().includes("idle"), names().includes("one more")]).toEqual([
    true,
    false,
    true,
  ]);
});

/** Everything there is a series of, once each at the same moment. */
function useOfEach(usage: LimitUsage, client: ReturnType<typeof createClient>): void {
  client.enter();
  client.leave();
  usage.message("AppRelay", "10.0.0.1");
  client.refuse("messageRate");
  client.refuse("connectionRate");
  client.refuse("connectionLimitPerSource");
}

const ofConnector = (usage: LimitUsage): readonly (readonly number[])[] =>
  [
    row(usage, "maxInboundConnection"),
    row(usage, perSource),
    row(usage, "messageRateLimit"),
    usage.connectionRate(),
  ].map((each) => [
    each.highestLastHour,
    each.highestLastDay,
    each.wantedLastHour,
    each.wantedLastDay,
    each.refusedLastHour,
    each.refusedLastDay,
  ]);

const ofSource = (usage: LimitUsage): readonly (readonly number[])[] =>
  usage
    .source("10.0.0.1")
    .map((each) => [
      each.highestOpenLastHour,
      each.highestOpenLastDay,
      each.highestMessagesLastHour,
      each.highestMessagesLastDay,
      each.wantedConnectionsLastHour,
      each.wantedConnectionsLastDay,
      each.wantedMessagesLastHour,
      each.wantedMessagesLastDay,
      each.refusals[0]?.lastHour ?? 0,
      each.refusals[0]?.lastDay ?? 0,
    ]);

it.each([
  ["a connector by the minute", minuteMs, ofConnector],
  ["a source by the quarter of an hour", 15 * minuteMs, ofSource],
] as const)("looks back over the hour and the day of %s", async (_, slotMs, seriesOf) => {
  const { usage, client, clock } = setup();
  useOfEach(usage, client);
  const startMs = clock.now();
  const at = async (ms: number): Promise<readonly (readonly number[])[]> => {
    await clock.advance(startMs + ms - clock.now());
    return seriesOf(usage);
  };
  const first = await at(0);
  const withoutHour = first.map((series) => series.map((value, n) => (n % 2 === 0 ? 0 : value)));
  const nothing = first.map((series) => series.map(() => 0));
  expect(first.flat().filter((value) => value > 0).length).toBeGreaterThan(8);
  expect(await at(hourMs + slotMs - 1)).toEqual(first);
  expect(await at(hourMs + slotMs)).toEqual(withoutHour);
  expect(await at(dayMs - 1)).toEqual(withoutHour);
  expect(await at(dayMs)).toEqual(nothing);
});
