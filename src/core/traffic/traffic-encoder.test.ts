import { array, assert, constantFrom, nat, oneof, property, record, tuple, type Arbitrary } from "fast-check";
import { describe, expect, it, test } from "vitest";
import { hearTraffic, type Heard } from "../../testing/heard-traffic.ts";
import { TrafficDamage, TrafficDecoder } from "./traffic-decoder.ts";
import { TrafficEncoder } from "./traffic-encoder.ts";
import { noProfile, type TrafficClient, type TrafficProfile } from "./traffic-facts.ts";

const startMs = Date.UTC(2026, 10, 29);
const client = (source: string, more: Partial<TrafficClient> = {}): TrafficClient => ({
  connector: "AppRelay",
  source,
  address: source,
  door: "SMTP",
  ...more,
});

interface Step {
  readonly passedMs: number;
  readonly what:
    | "admitted"
    | "held"
    | "turnedAway"
    | "resumed"
    | "left"
    | "described"
    | "message"
    | "kept"
    | "refused";
  readonly client: TrafficClient;
  readonly profile: TrafficProfile;
  readonly which: number;
  readonly size: number;
  readonly segment: boolean;
}
const step: Arbitrary<Step> = record({
  passedMs: oneof(nat(20), nat(100_000), constantFrom(0, 30 * 86_400_000)),
  what: constantFrom<Step["what"][]>(
    ...(["admitted", "admitted", "held", "turnedAway", "resumed", "left"] as const),
    ...(["described", "message", "kept", "refused"] as const),
  ),
  client: constantFrom(
    client("10.0.0.1"),
    client("10.0.0.2", { connector: "Ünder" }),
    client("2001:db8::/64", { address: "2001:db8::7" }),
    client("10.0.0.1", { door: "HTTP" }),
    client("10.9.9.9", { connector: "" }),
  ),
  profile: constantFrom(
    { ...noProfile, heloName: "app.test" },
    { user: "erp", application: "ERP", heloName: "app.test", tls: "TLSv1.3", mechanism: "PLAIN" },
  ),
  which: nat(50),
  size: oneof(nat(200), nat(2 ** 31), constantFrom(2 ** 40)),
  segment: constantFrom(false, false, false, true),
});

/** What was done with the encoder, as a listener should hear it, and the segments it wrote. */
function play(steps: readonly Step[]): { readonly expected: Heard[]; readonly segments: Buffer[] } {
  const encoder = new TrafficEncoder(startMs);
  const expected: Heard[] = [["began", startMs, -7, "start"]];
  const segments: Buffer[] = [];
  const open: number[] = [];
  let now = startMs;
  let connection = 0;
  encoder.begin(now, -7);
  for (const { passedMs, what, client: who, profile, which, size, segment } of steps) {
    now += passedMs;
    const one = open[which % Math.max(1, open.length)] ?? 0;
    const known = open.includes(one);
    switch (what) {
      case "admitted":
      case "held":
      case "turnedAway": {
        connection++;
        const refusal = what === "admitted" ? undefined : "connectionLimit";
        if (what === "admitted") expect(encoder.admitted(now, who)).toBe(connection);
        else if (what === "held") expect(encoder.held(now, who, "connectionLimit")).toBe(connection);
        else encoder.turnedAway(now, who, "connectionLimit");
        expected.push(["arrived", now, connection, who, what === "turnedAway" ? "refused" : what, refusal]);
        if (what !== "turnedAway") open.push(connection);
        break;
      }
      case "described":
        if (
          encoder.described(
            now,
            one,
            profile.user,
            profile.application,
            profile.heloName,
            profile.tls,
            profile.mechanism,
          )
        )
          expected.push(["described", now, one, profile]);
        break;
      case "left":
        expect(encoder.left(now, one)).toBe(known);
        if (known) expected.push(["left", now, one]);
        open.splice(0, open.length, ...open.filter((other) => other !== one));
        break;
      case "kept":
        expect(encoder.kept(now, one, which, size)).toBe(known);
        if (known) expected.push(["kept", now, one, which, size]);
        break;
      case "refused":
        expect(encoder.refused(now, one, "messageRate")).toBe(known);
        if (known) expected.push(["refused", now, one, "messageRate"]);
        break;
      case "resumed":
      case "message":
        expect(encoder[what](now, one)).toBe(known);
        if (known) expected.push([what, now, one]);
    }
    if (!segment) continue;
    segments.push(encoder.take());
    encoder.begin(now, -7);
  }
  segments.push(encoder.take());
  return { expected, segments };
}

function heardOf(segments: readonly Uint8Array[]): Heard[] {
  const { listener, heard } = hearTraffic();
  const decoder = new TrafficDecoder(listener);
  for (const segment of segments) decoder.segment(segment);
  return heard;
}

test("what was told is heard, entry for entry, over all segments", () => {
  assert(
    property(array(step, { maxLength: 60 }), (steps) => {
      const { expected, segments } = play(steps);
      expect(heardOf(segments)).toEqual(expected);
    }),
    { numRuns: 150 },
  );
});

test("whoever begins at a later segment knows who is connected, and hears the rest the same", () => {
  assert(
    property(tuple(array(step, { maxLength: 60 }), nat(10)), ([steps, skipped]) => {
      const { expected, segments } = play(steps);
      const later = heardOf(segments.slice(skipped % segments.length));
      if (skipped % segments.length === 0) return;
      expect(later[0]?.[3]).toBe("gap");
      const behind = later.filter(([name]) => name !== "began" && name !== "connected");
      expect(behind).toEqual(expected.slice(expected.length - behind.length));
      const before = expected.slice(0, expected.length - behind.length);
      const isOpen = (connection: unknown): boolean =>
        before.some(
          ([name, , one, , welcome]) => name === "arrived" && one === connection && welcome !== "refused",
        ) && !before.some(([name, , one]) => name === "left" && one === connection);
      const wanted = before.flatMap(([name, at, connection, who, welcome]) => {
        if (name !== "arrived" || !isOpen(connection)) return [];
        const of = (call: string) => before.filter(([other, , one]) => other === call && one === connection);
        const profile = of("described").at(-1)?.[3] ?? noProfile;
        const entered = welcome === "admitted" ? at : of("resumed")[0]?.[1];
        return [["connected", connection, who, profile, at, entered]];
      });
      expect(later.filter(([name]) => name === "connected")).toEqual(wanted);
    }),
    { numRuns: 150 },
  );
});

describe("damage", () => {
  const steps = (count: number): Step[] =>
    Array.from({ length: count }, (_, n) => ({
      passedMs: 5,
      what: n % 2 === 0 ? ("admitted" as const) : ("message" as const),
      client: client("10.0.0.1"),
      profile: noProfile,
      which: n,
      size: 1,
      segment: n === 9,
    }));

  it("is told, behind what was whole; the next segment begins behind a gap", () => {
    const { segments } = play(steps(20));
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = segments;
    const { listener, heard } = hearTraffic();
    const decoder = new TrafficDecoder(listener);
    expect(() => decoder.segment(first.subarray(0, -1))).toThrow(TrafficDamage);
    expect(heard).toHaveLength(10);
    decoder.segment(second);
    expect(heard[10]).toEqual(["began", startMs + 50, -7, "gap"]);
    expect(heard.filter(([name]) => name === "connected")).toHaveLength(5);
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["another version", Buffer.from([0, 9])],
    ["octets of any kind", Buffer.from("not a segment at all")],
  ])("%s is no segment", (_, octets) => {
    expect(() => heardOf([octets])).toThrow(TrafficDamage);
  });
});

describe("whoever comes again is the same object", () => {
  const segment = (sequence: number, sources: readonly string[]): Buffer => {
    const encoder = new TrafficEncoder(startMs + sequence);
    encoder.begin(startMs, 0);
    for (const source of sources)
      encoder.described(startMs, encoder.admitted(startMs, client(source)), "erp", "", source, "", "");
    return encoder.take();
  };
  /** Who came, and how they were described, each with the number of their object. */
  const known = (octets: readonly Buffer[], mostKnown?: number): readonly unknown[] => {
    const { listener, heard } = hearTraffic();
    const decoder = new TrafficDecoder(listener, mostKnown);
    for (const each of octets) decoder.segment(each);
    const objects = (name: string, at: number): readonly number[] => {
      const found = heard.filter(([called]) => called === name).map((call) => call[at]);
      return found.map((each) => found.indexOf(each));
    };
    return [objects("arrived", 3), objects("described", 3)];
  };

  test("over all segments", () => {
    const segments = [segment(0, ["a", "b", "a"]), segment(1, ["b", "a"])];
    expect(known(segments)).toEqual([
      [0, 1, 0, 1, 0],
      [0, 1, 0, 1, 0],
    ]);
  });

  test("unless more came than are known", () => {
    const segments = [segment(0, ["a", "b"]), segment(1, ["a", "b"]), segment(2, ["c"]), segment(3, ["a"])];
    expect(known(segments, 2)).toEqual([
      [0, 1, 0, 1, 4, 5],
      [0, 1, 0, 1, 4, 5],
    ]);
  });
});

test("a restart is told from a gap", () => {
  const write = (runMs: number): Buffer => {
    const encoder = new TrafficEncoder(runMs);
    encoder.begin(runMs, 0);
    encoder.admitted(runMs + 1, client("10.0.0.1"));
    return encoder.take();
  };
  expect(heardOf([write(startMs), write(startMs + 10)]).filter(([name]) => name === "began")).toEqual([
    ["began", startMs, 0, "start"],
    ["began", startMs + 10, 0, "start"],
  ]);
});

test("a connection with one message takes some 20 octets, and a name is written once", () => {
  const encoder = new TrafficEncoder(startMs);
  encoder.begin(startMs, 0);
  let now = startMs;
  for (let n = 0; n < 1_000; n++) {
    now += 37;
    const connection = encoder.admitted(now, client(`10.0.${n % 20}.1`));
    encoder.described(now, connection, "", "", `host${n % 20}.test`, "TLSv1.3", "");
    encoder.message(now + 3, connection);
    encoder.kept(now + 9, connection, 1, 4_096);
    encoder.left(now + 12, connection);
  }
  expect(encoder.take().length / 1_000).toBeLessThan(23);
});
