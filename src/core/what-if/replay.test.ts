/** What is told of the record itself, and single connections whose time can be reckoned by hand; contracts/replay.test.ts has the rest. */
import { describe, expect, test } from "vitest";
import { receiveConnector } from "../../testing/test-settings.ts";
import type { ReceiveConnectorSettings } from "../policy/receive-connector.ts";
import { noProfile, type TrafficClient } from "../traffic/traffic-facts.ts";
import { ipRange } from "../units/ip-range.ts";
import { Replay, type ReplayOptions } from "./replay.ts";
import type { ConnectorOutcome } from "./tally.ts";

const hourMs = 3_600_000;
const connector = (given: Partial<ReceiveConnectorSettings> = {}) =>
  receiveConnector({
    name: "In",
    bindings: [{ address: "0.0.0.0", port: 25 }],
    remoteIpRanges: [ipRange("10.0.0.0/8")],
    ...given,
  });
const client = (source: string, more: Partial<TrafficClient> = {}): TrafficClient => ({
  connector: "In",
  source,
  address: source,
  door: "SMTP",
  ...more,
});
const [a, b] = [client("10.0.0.1"), client("10.0.0.2")];

function replayed(
  tell: (replay: Replay) => void,
  given: Partial<ReceiveConnectorSettings> = {},
  options: Partial<ReplayOptions> = {},
) {
  const replay = new Replay({
    present: [connector()],
    scenarios: [{ connectors: [connector(given)], maxConnectionRatePerMinute: Infinity }],
    refusedClients: { kind: "gone" },
    fromMs: 0,
    toMs: 10 * hourMs,
    ...options,
  });
  replay.began(0, 0, "start");
  tell(replay);
  const outcome = replay.outcome();
  const [world] = outcome.worlds[0] ?? [];
  return { ...outcome, world: world as ConnectorOutcome };
}

describe("what really was", () => {
  const tell = (replay: Replay): void => {
    replay.arrived(1_000, 1, a, "admitted", undefined);
    replay.message(2_000, 1);
    replay.kept(2_001, 1);
    replay.message(3_000, 1);
    replay.refused(3_001, 1, "messageRate");
    replay.arrived(4_000, 2, b, "refused", "connectionLimitPerSource");
    replay.arrived(4_001, 3, b, "refused", "tlsRequired");
    replay.arrived(4_002, 4, b, "refused", undefined);
    replay.left(5_000, 1);
    replay.refused(5_001, 1, "messageRate");
    replay.kept(5_001, 1);
    replay.message(5_001, 1);
    replay.left(5_001, 1);
    replay.resumed(5_001, 1);
    replay.messageHeld(5_001, 1);
    replay.described(5_001, 1, noProfile);
  };

  test("is counted by connector, refusals by the setting", () => {
    const { recorded, first, last, starts, gaps } = replayed(tell);
    expect(recorded).toEqual([
      {
        connector: "In",
        connections: 4,
        messages: 1,
        refused: { messageRateLimit: 1, maxInboundConnectionPerSource: 1, tlsRequired: 1, "": 1 },
        elsewhere: new Map(),
      },
    ]);
    expect([first, last, starts, gaps]).toEqual([1_000, 4_002, 1, 0]);
  });

  test("by the clock on the wall, from when and until when it was asked for", () => {
    const within = { fromMs: hourMs + 2_000, toMs: hourMs + 3_001 };
    const { recorded, first, last, starts } = replayed(
      (replay) => {
        replay.clockSet(0, hourMs);
        tell(replay);
      },
      {},
      within,
    );
    expect(recorded).toMatchObject([{ connections: 0, messages: 1, refused: {} }]);
    expect([first, last, starts]).toEqual([hourMs + 2_001, hourMs + 2_001, 0]);
  });

  test("nothing is known of nothing", () => {
    const { recorded, first, last, worlds } = replayed(() => {});
    expect([recorded, first, last]).toEqual([[], undefined, undefined]);
    expect(worlds[0]).toMatchObject([
      { connector: "In", connections: 0, highestOpen: { value: 0, at: 0, source: "" } },
    ]);
  });

  test("starts and gaps are counted where they are asked for", () => {
    const count = (fromMs: number) => {
      const { starts, gaps } = replayed(
        (replay) => {
          replay.began(1_000, 0, "gap");
          replay.began(2_000, 0, "gap");
          replay.began(3_000, 0, "start");
        },
        {},
        { fromMs },
      );
      return [starts, gaps];
    };
    expect([count(0), count(2_000), count(3_001)]).toEqual([
      [2, 2],
      [1, 1],
      [0, 0],
    ]);
  });

  test("who would come to another connector now is told, and to which", () => {
    const present = [
      connector({ remoteIpRanges: [ipRange("10.0.0.1")] }),
      connector({ name: "Other", remoteIpRanges: [ipRange("10.0.0.2")] }),
    ];
    const { recorded } = replayed(
      (replay) => {
        for (const [number, who] of [a, b, b, client("10.0.0.3")].entries())
          replay.arrived(number, number, who, "admitted", undefined);
      },
      {},
      { present },
    );
    expect(recorded[0]?.elsewhere).toEqual(
      new Map([
        ["Other", 2],
        ["", 1],
      ]),
    );
  });

  test("whom no connector serves is refused by ranges, and has nothing else", () => {
    const nobody = client("192.0.2.1");
    const { worlds } = replayed((replay) => {
      replay.arrived(1_000, 1, nobody, "refused", "noConnector");
      replay.arrived(2_000, 2, nobody, "refused", "noConnector");
    });
    const noPeak = { value: 0, at: 0, source: "" };
    expect(worlds[0]?.[1]).toMatchObject({
      connector: "In",
      connections: 2,
      messages: 0,
      refused: { remoteIpRanges: 2 },
      lostConnections: 0,
      lostMessages: 0,
      highestOpen: noPeak,
      highestOpenFromSource: noPeak,
      highestMessages: noPeak,
      sourceCount: 1,
      sources: [
        {
          source: "192.0.2.1",
          connections: 2,
          messages: 0,
          refused: { remoteIpRanges: 2 },
          firstRefused: 1_000,
          lastRefused: 2_000,
          lostConnections: 0,
          lostMessages: 0,
          highestOpen: noPeak,
          highestMessages: noPeak,
        },
      ],
    });
  });
});

describe("who is there", () => {
  test("when the record goes on, is counted as open", () => {
    const { world } = replayed(
      (replay) => {
        replay.began(5_000, 0, "gap");
        replay.connected(1, a, noProfile, 1_000, 2_000);
        replay.connected(2, a, noProfile, 1_000, undefined);
        replay.arrived(6_000, 3, a, "admitted", undefined);
        replay.left(7_000, 1);
        replay.arrived(8_000, 4, b, "admitted", undefined);
      },
      { maxInboundConnectionPerSource: 3 },
    );
    expect(world).toMatchObject({
      connections: 2,
      highestOpen: { value: 3, at: 6_000 },
      highestOpenFromSource: { value: 3, at: 6_000, source: "10.0.0.1" },
    });
  });

  test("is nobody any more where a relay starts", () => {
    const { world } = replayed(
      (replay) => {
        for (let n = 0; n < 3; n++) {
          replay.began(n * 1_000, 0, "start");
          replay.arrived(n * 1_000 + 1, 1, a, "admitted", undefined);
          replay.message(n * 1_000 + 2, 1);
        }
      },
      { maxInboundConnectionPerSource: 1, messageRateLimit: 1, messageRateSource: "IPAddress" },
    );
    expect(world).toMatchObject({ refused: {}, highestOpen: { value: 1 }, highestMessages: { value: 1 } });
  });
});

describe("who was refused at the door would have stayed as long as others did", () => {
  /** The second of two comes in where two have room, and is there until it ends. */
  const endsAt = (known: (replay: Replay) => void, who = a): number => {
    const open = (atMs: number): boolean =>
      replayed(
        (replay) => {
          known(replay);
          replay.arrived(hourMs, 900, who, "refused", "connectionLimit");
          replay.arrived(hourMs + atMs, 901, who, "admitted", undefined);
        },
        { maxInboundConnectionPerSource: 1 },
      ).world.refused["maxInboundConnectionPerSource"] === 1;
    let [from, to] = [0, 10 * 60_000];
    while (to - from > 1) {
      const middle = (from + to) >> 1;
      if (open(middle)) from = middle;
      else to = middle;
    }
    return to;
  };
  const stays = (replay: Replay, number: number, who: TrafficClient, atMs: number, lastsMs: number): void => {
    replay.arrived(atMs, number, who, "admitted", undefined);
    replay.left(atMs + lastsMs, number);
  };

  test.each<[string, (replay: Replay) => void, number]>([
    ["a minute, where nobody did", () => {}, 60_000],
    [
      "as its source on average",
      (replay) => {
        stays(replay, 1, a, 1_000, 2_000);
        stays(replay, 2, a, 5_000, 5_001);
        stays(replay, 3, b, 20_000, 90_000);
      },
      3_501,
    ],
    ["as others of the connector", (replay) => stays(replay, 3, b, 20_000, 90_000), 90_000],
    [
      "waiting is no part of it",
      (replay) => {
        replay.arrived(1_000, 1, a, "held", undefined);
        replay.resumed(5_000, 1);
        replay.left(7_000, 1);
      },
      2_000,
    ],
    [
      "who waited in vain was not there",
      (replay) => {
        replay.arrived(1_000, 1, a, "held", undefined);
        replay.refused(5_000, 1, "connectionLimit");
        replay.left(5_000, 1);
      },
      60_000,
    ],
  ])("%s", (_, known, lastsMs) => {
    expect(endsAt(known)).toBe(lastsMs);
  });

  test("but not where something else refused it", () => {
    const { world } = replayed(
      (replay) => {
        replay.arrived(1_000, 1, a, "refused", "tlsRequired");
        replay.arrived(1_001, 2, a, "admitted", undefined);
      },
      { maxInboundConnectionPerSource: 1 },
    );
    expect(world).toMatchObject({ connections: 1, refused: {} });
  });
});

test("users and applications have their rates in each scenario", () => {
  const owner = { kind: "user", name: "shop", rights: {} } as const;
  const { world } = replayed(
    (replay) => {
      replay.arrived(1_000, 1, a, "admitted", undefined);
      replay.message(1_001, 1);
      replay.described(1_002, 1, { ...noProfile, user: "shop" });
      for (let n = 0; n < 3; n++) replay.message(2_000 + n, 1);
    },
    { limitAction: "refuse" },
    {
      rightsOf: (address, user) => ({
        messageRates: address === "10.0.0.1" && user === "shop" ? [{ owner, value: 2 }] : [],
      }),
    },
  );
  expect(world).toMatchObject({ messages: 3, refused: { messageRateLimit: 1 }, lostMessages: 1 });
});

test("scenarios keep their order, however they are grouped", () => {
  const scenarios = [3, 1, 2].map((limit) => ({
    connectors: [connector({ maxInboundConnectionPerSource: limit, name: limit === 1 ? "Renamed" : "In" })],
    maxConnectionRatePerMinute: Infinity,
  }));
  const { worlds } = replayed(
    (replay) => {
      for (let n = 0; n < 4; n++) replay.arrived(n, n, a, "admitted", undefined);
    },
    {},
    { scenarios, toldSources: 0 },
  );
  expect(
    worlds.map(([one]) => [one?.connector, one?.refused["maxInboundConnectionPerSource"], one?.sources]),
  ).toEqual([
    ["In", 1, []],
    ["Renamed", 3, []],
    ["In", 2, []],
  ]);
});
