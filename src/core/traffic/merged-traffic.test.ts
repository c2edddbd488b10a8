import { expect, test } from "vitest";
import { hearTraffic, type Heard } from "../../testing/heard-traffic.ts";
import { tellMerged, type MergedBreaks, type RecordPieces } from "./merged-traffic.ts";
import { noProfile, type TrafficClient, type TrafficListener } from "./traffic-facts.ts";

const client: TrafficClient = { connector: "In", source: "10.0.0.1", address: "10.0.0.1", door: "SMTP" };
const arrives = (atMs: number, number: number) => (to: TrafficListener) =>
  to.arrived(atMs, number, client, "admitted", undefined);
const leaves = (atMs: number, number: number) => (to: TrafficListener) => to.left(atMs, number);
const begins =
  (atMs: number, offsetMs: number, cause: "start" | "gap" = "start") =>
  (to: TrafficListener) =>
    to.began(atMs, offsetMs, cause);

type Told = (to: TrafficListener) => void;
/** Each list within a list is a segment. */
const recordOf = (...segments: readonly Told[][]): RecordPieces => {
  let at = 0;
  return (listener) => {
    const segment = segments[at++];
    for (const tell of segment ?? []) tell(listener);
    return segment !== undefined;
  };
};
function merged(...records: RecordPieces[]): { readonly heard: Heard[]; readonly breaks: MergedBreaks } {
  const { listener, heard } = hearTraffic();
  return { breaks: tellMerged(records, listener, { fromMs: 0, toMs: Infinity }), heard };
}
/** What happened, when, to which connection. */
const short = (heard: readonly Heard[]) => heard.map(([what, ...args]) => [what, args[0], args[1]]);

test("entries come in the order of the wall clock, with numbers of their own", () => {
  const { heard } = merged(
    recordOf([begins(0, 1_000), arrives(10, 1)], [leaves(50, 1)]),
    recordOf([begins(500, 505), arrives(520, 1), leaves(530, 1)]),
  );
  expect(short(heard)).toEqual([
    ["began", 1_000, 0],
    ["arrived", 1_010, 2],
    ["arrived", 1_025, 3],
    ["left", 1_035, 3],
    ["left", 1_050, 2],
  ]);
});

test("a node that starts again has nobody from the last that is known of it on; the others' stay", () => {
  const { heard, breaks } = merged(
    recordOf([begins(0, 1_000), arrives(10, 1)], [begins(0, 9_000), arrives(5, 1)]),
    recordOf([begins(0, 1_000), arrives(20, 1), arrives(5_000, 2), leaves(9_000, 1)]),
  );
  expect(short(heard)).toEqual([
    ["began", 1_000, 0],
    ["arrived", 1_010, 2],
    ["left", 1_010, 2],
    ["arrived", 1_020, 3],
    ["arrived", 6_000, 5],
    ["arrived", 9_005, 2],
    ["left", 10_000, 3],
  ]);
  expect(breaks).toEqual({ starts: 1, gaps: 0 });
});

test("behind a gap who is there is taken to have come then", () => {
  const { heard, breaks } = merged(
    recordOf(
      [begins(0, 1_000), arrives(10, 1)],
      [begins(700, 1_000, "gap"), (to) => to.connected(1, client, noProfile, 10, 12)],
    ),
    recordOf([begins(0, 1_000), arrives(650, 1), arrives(720, 2)]),
  );
  expect(heard.slice(1)).toEqual([
    ["arrived", 1_010, 2, client, "admitted", undefined],
    ["left", 1_010, 2],
    ["arrived", 1_650, 3, client, "admitted", undefined],
    ["connected", 2, client, noProfile, 1_700, 1_700],
    ["arrived", 1_720, 5, client, "admitted", undefined],
  ]);
  expect(breaks).toEqual({ starts: 0, gaps: 1 });
});

test("a clock that is set back makes nobody's time go back", () => {
  const { heard } = merged(
    recordOf([
      begins(0, 1_000),
      arrives(100, 1),
      (to) => to.clockSet(110, 500),
      leaves(120, 1),
      arrives(700, 2),
    ]),
    recordOf([begins(0, 1_000), arrives(150, 1)]),
  );
  expect(short(heard)).toEqual([
    ["began", 1_000, 0],
    ["arrived", 1_100, 2],
    ["left", 1_100, 2],
    ["arrived", 1_150, 3],
    ["arrived", 1_200, 4],
  ]);
});
