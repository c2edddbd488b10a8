import { describe, expect, test } from "vitest";
import type { Events } from "../../../../events/events.ts";
import {
  avoidHungMs,
  avoidRefusedMs,
  createPeerMemory,
  endpointOf,
  messageLimitMs,
  recipientLimitMs,
  stillHolds,
} from "./peer.ts";
import {
  acquitTls,
  blameFeature,
  blameFollowing,
  confirmClearText,
  hasBroken,
  learnMessageLimit,
  learnRecipientLimit,
  proveTls,
  suspectTls,
} from "./peer-quirks.ts";

const minute = 60_000;
const hour = 60 * minute;

function known() {
  const memory = createPeerMemory();
  const host = memory.host({ host: "mx.test", port: 25 });
  const told: [string, object][] = [];
  const events = {
    emit: (name: string, fields: object) => void told.push([name, fields]),
  } as unknown as Events;
  return { memory, host, peer: memory.peer(host, "192.0.2.1"), told, events };
}

test("how long others are tried first", () => {
  expect([avoidRefusedMs, avoidHungMs]).toEqual([30_000, 10 * minute]);
});

test("what is remembered is remembered of this host and this address", () => {
  const { memory, host, peer } = known();
  expect(memory.host({ host: "mx.test", port: 25 })).toBe(host);
  expect(memory.host({ host: "mx.test", port: 587 })).not.toBe(host);
  expect(memory.peer(host, "192.0.2.1")).toBe(peer);
  expect(memory.peer(host, "192.0.2.2")).not.toBe(peer);
  expect(memory.peer(memory.host({ host: "mx.test", port: 587 }), "192.0.2.1")).not.toBe(peer);
  expect(host).toEqual({
    name: "mx.test",
    port: 25,
    peers: undefined,
    recipientsPerTransaction: undefined,
    messagesPerConnection: undefined,
  });
  expect(peer).toEqual({
    host,
    address: "192.0.2.1",
    avoidUntil: 0,
    clearTextUntil: 0,
    tlsSuspicion: undefined,
    tlsProvenUntil: 0,
    noChunkingUntil: 0,
    chunkingProven: false,
    noPipeliningUntil: 0,
    pipeliningProven: false,
    noFollowingUntil: 0,
    quick: false,
    capabilities: undefined,
  });
  expect([endpointOf(peer), endpointOf(memory.peer(host, "2001:db8::1"))]).toEqual([
    "192.0.2.1:25",
    "[2001:db8::1]:25",
  ]);
});

test("an address of a host that was forgotten is a new one", () => {
  const { memory, host, peer } = known();
  expect(memory.peer({ ...host }, "192.0.2.1")).not.toBe(peer);
});

describe.each([
  ["CHUNKING", "noChunkingUntil"],
  ["PIPELINING", "noPipeliningUntil"],
] as const)("%s that is announced and broken", (feature, until) => {
  test("is not used for a day, and told once in it", () => {
    const { peer, told, events } = known();
    expect(hasBroken(peer, feature, 1_000)).toBe(false);
    blameFeature(peer, feature, "hung", 1_000, events);
    blameFeature(peer, feature, "hung", 2_000, events);
    expect(peer).toMatchObject({ noChunkingUntil: 0, noPipeliningUntil: 0, [until]: 1_000 + 24 * hour });
    expect([hasBroken(peer, feature, 999 + 24 * hour), hasBroken(peer, feature, 1_000 + 24 * hour)]).toEqual([
      true,
      false,
    ]);
    blameFeature(peer, feature, "hung", 1_000 + 24 * hour, events);
    expect(told).toEqual([
      ["PeerFeatureDisabled", { host: "mx.test", feature, error: "hung" }],
      ["PeerFeatureDisabled", { host: "mx.test", feature, error: "hung" }],
    ]);
  });
});

test("an envelope behind another's content is not tried for a day", () => {
  const { peer } = known();
  blameFollowing(peer, 5);
  expect(peer.noFollowingUntil).toBe(5 + 24 * hour);
});

describe("TLS that is suspected", () => {
  test("gives way to clear text for ten minutes, which is told when that works", () => {
    const { peer, told, events } = known();
    confirmClearText(peer, "Out", events);
    suspectTls(peer, "bad record", 5);
    expect(peer).toMatchObject({ tlsSuspicion: "bad record", clearTextUntil: 5 + 10 * minute });
    expect(told).toEqual([]);
    confirmClearText(peer, "Out", events);
    confirmClearText(peer, "Out", events);
    expect(told).toEqual([
      [
        "OpportunisticTlsFailed",
        { connector: "Out", host: "mx.test", address: "192.0.2.1", minutes: 10, error: "bad record" },
      ],
    ]);
    expect(peer).toMatchObject({ tlsSuspicion: undefined, clearTextUntil: 5 + 10 * minute });
    acquitTls(peer);
    expect(peer.clearTextUntil).toBe(5 + 10 * minute);
  });

  test("is used again when clear text fails in the same way", () => {
    const { peer } = known();
    suspectTls(peer, "bad record", 5);
    acquitTls(peer);
    expect(peer).toMatchObject({ tlsSuspicion: undefined, clearTextUntil: 0 });
  });

  test("is proven for ten minutes", () => {
    const { peer } = known();
    proveTls(peer, 5);
    expect(peer.tlsProvenUntil).toBe(5 + 10 * minute);
  });
});

test.each([
  [undefined, 0, Infinity],
  [{ most: 5, until: 10 }, 9, 5],
  [{ most: 5, until: 10 }, 10, Infinity],
])("the limit %j at %d is %d", (limit, now, most) => {
  expect(stillHolds(limit, now)).toBe(most);
});

describe.each([
  [
    "recipients per transaction",
    learnRecipientLimit,
    "recipientsPerTransaction",
    recipientLimitMs,
    24 * hour,
  ],
  ["messages per connection", learnMessageLimit, "messagesPerConnection", messageLimitMs, hour],
] as const)("%s", (what, learn, field, constant, periodMs) => {
  test("are learned when they are fewer, for a while", () => {
    const { host, told, events } = known();
    expect(constant).toBe(periodMs);
    for (const most of [0, 50, 50, 60, 20]) learn(host, most, 7, events);
    expect(host[field]).toEqual({ most: 20, until: 7 + periodMs });
    learn(host, 90, 7 + periodMs, events);
    learn(host, 1, 7 + periodMs, events);
    expect(told).toEqual(
      [50, 20, 90, 1].map((limit) => ["PeerLimitLearned", { host: "mx.test", limit, what }]),
    );
  });
});
