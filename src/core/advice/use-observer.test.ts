import { expect, test } from "vitest";
import { noProfile, type TrafficClient } from "../traffic/traffic-facts.ts";
import type { ConnectorUse, DayOfSource, RecordedUse, SourceUse } from "./use-facts.ts";
import { ipRange } from "../units/ip-range.ts";
import { UseObserver } from "./use-observer.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** A midnight. */
const beginMs = Date.UTC(2026, 10, 2);

const client = (source: string, more: Partial<TrafficClient> = {}): TrafficClient => ({
  connector: "In",
  source,
  address: source,
  door: "SMTP",
  ...more,
});
const a = client("a");
const b = client("b");

/** What is told, behind the beginning of the first day, in the order of its instants. */
function heard(tell: (at: ReturnType<typeof teller>) => void, fromMs = 0, toMs = 40 * dayMs): RecordedUse {
  const observer = new UseObserver({ fromMs: beginMs + fromMs, toMs: beginMs + toMs });
  observer.began(beginMs, 0);
  const at = teller(observer);
  tell(at);
  at.run();
  return observer.outcome();
}

function teller(observer: UseObserver) {
  let next = 1;
  const entries: { readonly at: number; readonly tell: () => void }[] = [];
  const put = (at: number, tell: () => void): void => void entries.push({ at, tell });
  return {
    observer,
    put,
    run: () => entries.sort((one, other) => one.at - other.at).forEach(({ tell }) => tell()),
    stay(who: TrafficClient, at: number, lastsMs: number, messages: readonly number[] = []): void {
      const number = next++;
      put(at, () => observer.arrived(beginMs + at, number, who, "admitted", undefined));
      for (const behind of messages) {
        put(at + behind, () => observer.message(beginMs + at + behind, number));
        put(at + behind, () => observer.kept(beginMs + at + behind, number));
      }
      put(at + lastsMs, () => observer.left(beginMs + at + lastsMs, number));
    },
    refused(who: TrafficClient, at: number, refusal = "connectionLimitPerSource"): void {
      put(at, () => observer.arrived(beginMs + at, next++, who, "refused", refusal));
    },
  };
}

const only = ({ connectors }: RecordedUse): ConnectorUse => {
  const [one] = connectors;
  if (one === undefined || connectors.length > 1) throw new Error("one connector was meant");
  return one;
};
const of = (use: RecordedUse, source = "a"): SourceUse => {
  const found = only(use).sources.find((one) => one.source === source);
  if (found === undefined) throw new Error(`nothing is told of ${source}`);
  return found;
};
const figures = (use: RecordedUse, ...names: (keyof DayOfSource)[]): number[][] =>
  of(use).days.map((day) => [(day.day - beginMs) / dayMs, ...names.map((name) => day[name])]);

test("a pool that is kept open over days is used on each of them", () => {
  const use = heard((at) => {
    const daily = Array.from({ length: 10 }, (_, day) => day * dayMs + hourMs);
    for (let n = 0; n < 50; n++) at.stay(a, n, 10 * dayMs, daily);
    at.stay(a, 3 * dayMs, hourMs);
  });
  expect(figures(use, "open", "openAtOnce")).toEqual(
    Array.from({ length: 10 }, (_, day) => [day, day < 3 ? 50 : day === 3 ? 51 : 50, day === 3 ? 51 : 50]),
  );
});

test("most at once, by source and of all together, by day", () => {
  const use = heard((at) => {
    at.stay(a, 0, hourMs);
    at.stay(b, 1, hourMs);
    at.stay(a, 2, 10);
    at.stay(a, hourMs + 10, 10);
    at.stay(b, dayMs, 10);
    at.stay(client("p", { door: "PICKUP" }), 2 * dayMs, 10);
  });
  expect(figures(use, "open", "connections")).toEqual([[0, 2, 3]]);
  expect(only(use).days.map(({ day, open }) => [(day - beginMs) / dayMs, open])).toEqual([
    [0, 3],
    [1, 1],
  ]);
  // A file has no connection.
  expect(of(use, "p").days[0]).toMatchObject({ open: 0, connections: 1 });
  expect(use.arrivals.map(({ perMinute }) => perMinute)).toEqual([3, 1]);
  expect([use.first, use.last]).toEqual([beginMs, beginMs + 2 * dayMs]);
});

test("time behind the last message is idle, but for its first half minute", () => {
  const use = heard((at) => {
    at.stay(a, 0, 10 * minuteMs, [minuteMs]);
    at.stay(a, hourMs, 30 * secondMs);
    at.stay(a, 2 * hourMs, 31 * secondMs);
  });
  expect(figures(use, "lifeMs", "idleMs")).toEqual([[0, 10 * minuteMs + 61_000, 8.5 * minuteMs + 1_000]]);
});

test("messages of a sliding minute, in whole seconds", () => {
  const use = heard((at) => {
    at.stay(a, 0, hourMs, [0, 30_000, 59_999, 60_000, 90_000]);
    at.stay(a, dayMs, hourMs, [0, 60_000, 120_000]);
  });
  expect(figures(use, "messages")).toEqual([
    [0, 3],
    [1, 1],
  ]);
  expect(of(use)).toMatchObject({ messages: 8, connections: 2, firstSeen: beginMs });
});

test("a new run counts anew, also where the clock went back in between", () => {
  const use = heard((at) => {
    at.stay(a, 0, hourMs, [10, 20, 30]);
    at.put(2 * hourMs, () => {
      // Two hours earlier, by both clocks.
      at.observer.began(beginMs, 0);
      at.observer.arrived(beginMs + 1, 900, a, "admitted", undefined);
      for (let minute = 0; minute < 50; minute++)
        at.observer.message(beginMs + 2 + minute * 2 * minuteMs, 900);
    });
  });
  expect(figures(use, "messages", "open")).toEqual([[0, 3, 1]]);
});

test("a clock that is set makes nobody idle, and no minute longer", () => {
  const use = heard((at) => {
    at.stay(a, 0, 2 * hourMs, [0, hourMs + 1_000]);
    at.stay(
      b,
      0,
      2 * hourMs,
      Array.from({ length: 110 }, (_, minute) => minute * minuteMs),
    );
    at.put(hourMs, () => at.observer.clockSet(beginMs + hourMs, -3 * hourMs));
  }, -dayMs);
  const day = of(use, "b").days.map(({ messages }) => messages);
  expect(day).toEqual([1, 1]);
  expect(of(use, "b").days[0]).toMatchObject({ lifeMs: 2 * hourMs });
  expect(of(use).days[0]).toMatchObject({ lifeMs: 2 * hourMs, idleMs: hourMs - 31_000 });
});

test("sixty refusals in an hour, twenty for each that came in, are a storm", () => {
  const storm = (refusals: number, came: number, from = 0): RecordedUse =>
    heard((at) => {
      for (let n = 0; n < came; n++) at.stay(a, hourMs + n, 1);
      for (let n = 0; n < refusals; n++) at.refused(a, hourMs + 1_000 + n * 1_500);
    }, from);
  const told = (use: RecordedUse): number[] => figures(use, "refused", "refusedInStorm").flat().slice(1);
  expect(told(storm(59, 0))).toEqual([59, 0]);
  expect(told(storm(60, 0))).toEqual([60, 60]);
  expect(told(storm(79, 4))).toEqual([79, 0]);
  expect(told(storm(80, 4))).toEqual([80, 80]);
  expect(told(storm(60, 3))).toEqual([60, 60]);
  // Of an hour that is over before the period nothing is told.
  expect(storm(60, 0, 2 * hourMs).connectors).toEqual([]);
});

test("what was refused by something else than places is no use of them", () => {
  const use = heard((at) => {
    at.stay(a, 0, 1);
    for (const [n, kind] of ["connectionLimit", "connectionPercentagePerSource", "connectionRate"].entries())
      at.refused(a, 10 + n, kind);
    at.refused(a, 20, "suspended");
    at.refused(client("", { connector: "" }), 30, "connectionRate");
  });
  expect(of(use)).toMatchObject({ refused: 3, connections: 1 });
  expect(use.arrivals[0]?.perMinute).toBe(6);
});

test("refused clients of one moment count as so many at once; later ones by how long others stay", () => {
  const use = heard((at) => {
    at.stay(a, 0, 10_000);
    at.stay(a, 20_000, 10_000);
    for (let n = 0; n < 4; n++) at.refused(a, 20_100 + n);
    at.refused(a, 26_000);
  });
  const [day] = of(use).days;
  expect([day?.open, day?.openAtOnce, day?.refused]).toEqual([5, 5, 5]);
});

test("what 99.9 % of minutes did not exceed: those with a connection, and those with a message", () => {
  const use = heard((at) => {
    // Two for a day, and a third for a minute of it.
    for (let n = 0; n < 2; n++) at.stay(a, n, dayMs - 1 - n, [hourMs, 2 * hourMs, 3 * hourMs]);
    at.stay(a, 5 * hourMs, 1_000, [1, 2, 3, 4, 5]);
  });
  expect(of(use)).toMatchObject({ usualOpen: 2, usualMessages: 5 });
});

test("what lies before the period, or behind it, is heard and not told", () => {
  const use = heard(
    (at) => {
      for (let n = 0; n < 7; n++) at.stay(a, n, 3 * dayMs, [2 * dayMs]);
      at.stay(b, dayMs - 1, 10);
      at.stay(b, 2 * dayMs + 5, 10);
      at.stay(client("late"), 3 * dayMs, 10);
    },
    dayMs,
    3 * dayMs,
  );
  expect(only(use).sources.map(({ source }) => source)).toEqual(["a", "b"]);
  expect(of(use, "b")).toMatchObject({ connections: 1 });
  expect(figures(use, "open", "messages")).toEqual([[2, 7, 7]]);
  expect(only(use).days).toEqual([{ day: beginMs + 2 * dayMs, open: 8 }]);
});

test("who was there when reading began counts, and by which names it is known", () => {
  const use = heard((at) => {
    at.observer.connected(
      901,
      a,
      { ...noProfile, application: "ERP", heloName: "erp" },
      beginMs - hourMs,
      undefined,
    );
    at.observer.connected(902, a, noProfile, beginMs - hourMs, beginMs);
    at.stay(a, 10, 10);
    at.put(20, () => {
      for (let n = 0; n < 1_100; n++)
        at.observer.described(beginMs + 20, 901, { ...noProfile, heloName: `h${n}`, user: `u${n}` });
    });
  }, -dayMs);
  expect(of(use)).toMatchObject({
    application: "ERP",
    heloNames: ["erp", "h0", "h1", "h2", "h3"],
    heloNameCount: 1_000,
    users: ["u0", "u1", "u2", "u3", "u4"],
    userCount: 1_000,
  });
  expect(of(use).days.at(-1)).toMatchObject({ open: 3, connections: 1 });
});

test("what came while the clock was ahead is not before what came first", () => {
  const use = heard((at) => {
    at.stay(a, 2 * dayMs, 10);
    at.put(2 * dayMs + minuteMs, () => at.observer.clockSet(beginMs + 2 * dayMs + minuteMs, -dayMs));
    at.stay(a, 2 * dayMs + hourMs, 10);
  });
  expect([use.first, use.last]).toEqual([beginMs + dayMs + hourMs, beginMs + 2 * dayMs]);
  expect(of(use)).toMatchObject({ firstSeen: use.first, lastSeen: beginMs + 2 * dayMs });
});

test("who stops and who begins are told in their own minutes: what is usual is that of 999 of 1000", () => {
  const use = heard((at) => {
    at.stay(a, 0, 3 * minuteMs, [0, 1_000, 61_000]);
    at.stay(a, 30_000, 10_000);
  });
  // Minutes with 2, 1 and 1 open; with 2 messages, then 3 of a sliding minute.
  expect(of(use)).toMatchObject({ usualOpen: 2, usualMessages: 2 });
  const long = heard((at) => {
    at.stay(a, 0, 2_000 * minuteMs);
    at.stay(a, 0, 10_000);
  });
  // Two in one minute of 2,000.
  expect(of(long)).toMatchObject({ usualOpen: 1, usualMessages: 0 });
  const short = heard((at) => {
    at.stay(a, 0, 900 * minuteMs);
    at.stay(a, 0, 10_000);
  });
  expect(of(short).usualOpen).toBe(2);
});

test("what is open when the record ends, or a relay starts, ends with what was told last", () => {
  const use = heard((at) => {
    at.put(0, () => at.observer.arrived(beginMs, 900, a, "admitted", undefined));
    at.put(minuteMs, () => at.observer.arrived(beginMs + minuteMs, 901, b, "admitted", undefined));
    at.put(2 * minuteMs, () => at.observer.began(beginMs + 2 * minuteMs, 0));
    at.put(3 * minuteMs, () => at.observer.message(beginMs + 3 * minuteMs, 900));
    at.put(3 * minuteMs, () => at.observer.left(beginMs + 3 * minuteMs, 900));
    at.put(4 * minuteMs, () => at.observer.arrived(beginMs + 4 * minuteMs, 902, a, "admitted", undefined));
  });
  expect(figures(use, "lifeMs", "open", "connections", "messages")).toEqual([[0, minuteMs, 1, 2, 0]]);
  expect(of(use).messages).toBe(0);
});

test("who is there already counts as open, not as one that came", () => {
  const use = heard((at) => {
    at.put(dayMs, () => {
      at.observer.began(beginMs + dayMs, 0);
      const profile = { ...noProfile, heloName: "erp", user: "u", application: "ERP" };
      at.observer.connected(900, a, profile, beginMs + 5, beginMs + dayMs);
      at.observer.connected(901, a, profile, beginMs + dayMs, undefined);
    });
    at.put(dayMs + 1, () => at.observer.described(0, 901, { ...noProfile, heloName: "crm" }));
  });
  expect(figures(use, "open", "connections")).toEqual([[1, 2, 0]]);
  expect(of(use)).toMatchObject({
    application: "ERP",
    heloNames: ["erp", "crm"],
    heloNameCount: 2,
    users: ["u"],
    userCount: 1,
    connections: 0,
    firstSeen: beginMs + dayMs,
    lastSeen: beginMs + dayMs,
  });
});

test.each<[string, string | undefined, number]>([
  ["by a limit at the door", "connectionLimitPerSource", 1],
  ["by the rate", "connectionRate", 1],
  ["by the total", "connectionLimit", 1],
  ["by the percentage", "connectionPercentagePerSource", 1],
  ["by something else", "tlsRequired", 0],
  ["nobody knows by what", undefined, 0],
])("refused %s", (_, refusal, refused) => {
  const use = heard((at) => {
    at.stay(a, 0, hourMs);
    at.put(1, () => at.observer.arrived(beginMs + 1, 900, a, "refused", refusal));
  });
  expect(figures(use, "refused", "openAtOnce", "connections")).toEqual([[0, refused, 1 + refused, 1]]);
  expect(of(use)).toMatchObject({ refused, connections: 1 });
});

test("a refusal is wanted at once for a second, and the same again and again is a storm", () => {
  const use = heard((at) => {
    at.stay(a, 0, 10);
    for (let n = 0; n < 3; n++) at.refused(a, hourMs + n);
    at.stay(a, hourMs + 5_000, 10);
  });
  expect(figures(use, "openAtOnce", "refused", "refusedInStorm")).toEqual([[0, 3, 3, 0]]);
  const storm = (refusals: number, came: number) =>
    of(
      heard((at) => {
        for (let n = 0; n < refusals; n++) at.refused(a, hourMs + n * 1_000);
        for (let n = 0; n < came; n++) at.stay(a, hourMs + n, 10);
        at.stay(a, 3 * hourMs, 10);
      }),
    ).days[0]?.refusedInStorm;
  expect([storm(3_000, 1), storm(3_000, 150), storm(3_000, 151), storm(20, 3)]).toEqual([3_000, 3_000, 0, 0]);
});

test("what counts where: another connector now, however it is spelt, a disabled one", () => {
  const present = (["In", "Other"] as const).map((name, n) => ({
    name,
    enabled: true,
    bindings: [{ address: "0.0.0.0", port: 25 }],
    httpBindings: [],
    remoteIpRanges: [ipRange(`10.0.0.${n + 1}`)],
    limitAction: "refuse" as const,
    limitDelay: 0,
    maxInboundConnection: Infinity,
    maxInboundConnectionPerSource: Infinity,
    maxInboundConnectionPercentagePerSource: 100,
    messageRateLimit: Infinity,
    messageRateSource: "None" as const,
  }));
  const told = (enabled: boolean): RecordedUse => {
    const observer = new UseObserver({
      fromMs: beginMs,
      toMs: beginMs + dayMs,
      present: present.map((one) => (one.name === "In" ? { ...one, enabled } : one)),
    });
    observer.began(beginMs, 0);
    for (const [n, source] of ["10.0.0.1", "10.0.0.2", "10.0.0.2", "10.0.0.3"].entries())
      observer.arrived(beginMs + n, n, client(source), "admitted", undefined);
    observer.arrived(beginMs + 9, 9, client("10.0.0.1", { connector: "in" }), "admitted", undefined);
    observer.arrived(beginMs + 9, 10, client("10.0.0.1", { connector: "" }), "refused", "noConnector");
    return observer.outcome();
  };
  const counts = ({ connectors }: RecordedUse) =>
    connectors.map(({ connector, sources }) => [
      connector,
      ...sources.map((one) => [one.source, one.connections]),
    ]);
  expect(counts(told(true))).toEqual([
    ["In", ["10.0.0.1", 2]],
    ["Other", ["10.0.0.2", 2]],
  ]);
  expect(told(true).elsewhere).toEqual([
    { before: "In", now: "Other", connections: 2 },
    { before: "In", now: "", connections: 1 },
  ]);
  expect(counts(told(false))).toEqual([
    ["In", ["10.0.0.1", 2], ["10.0.0.3", 1]],
    ["Other", ["10.0.0.2", 2]],
  ]);
});

test("a source is of a directory until it comes by a connection", () => {
  const pickup = client("a", { door: "PICKUP" });
  expect(of(heard((at) => at.stay(pickup, 0, 10)))).toMatchObject({ isOfDirectory: true });
  const both = heard((at) => {
    at.stay(a, 0, 10);
    at.stay(pickup, 20, 10);
  });
  expect(of(both)).toMatchObject({ isOfDirectory: false, connections: 2 });
});
