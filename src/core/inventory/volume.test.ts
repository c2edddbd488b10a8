import { describe, expect, test } from "vitest";
import { columns, mergedVolume, Volume, width, type VolumeRow } from "./volume.ts";

const nothing = Object.fromEntries(columns.map((name) => [name, 0])) as unknown as VolumeRow;
const row = (bucket: number, some: Partial<VolumeRow> = {}): VolumeRow => ({ ...nothing, bucket, ...some });
const with3 = (...buckets: readonly number[]): Volume => {
  const volume = new Volume();
  for (const bucket of buckets) volume.add(bucket, "messages", 3);
  return volume;
};

test("as rows are kept on disk", () => {
  expect(columns.join()).toBe(
    "bucket,connections,messages,recipients,octets,refusals,highestOpen,highestMinute,highestHour,hours",
  );
});

test("each row is counted by itself", () => {
  const volume = new Volume();
  expect([volume.rowCount, volume.firstBucket, volume.rows()]).toEqual([0, undefined, []]);
  expect(volume.kept(5, 2, 100, 0b100)).toBe(1);
  expect(volume.kept(5, 3, 50, 0b001)).toBe(2);
  expect(volume.kept(6, 1, 10, 0b010)).toBe(1);
  volume.add(6, "refusals", 4);
  volume.add(6, "refusals", 1);
  volume.raise(6, "highestOpen", 7);
  volume.raise(6, "highestOpen", 6);
  volume.setBits(6, "hours", 0b100);
  const [five, six] = [
    row(5, { messages: 2, recipients: 5, octets: 150, hours: 0b101 }),
    row(6, { messages: 1, recipients: 1, octets: 10, refusals: 5, highestOpen: 7, hours: 0b110 }),
  ];
  expect(volume.rows()).toEqual([five, six]);
  expect([volume.rowCount, volume.firstBucket, volume.cells.length]).toEqual([2, 5, 2 * width]);
  expect(new Volume(volume.cells).rows()).toEqual([five, six]);
});

test.each([
  ["in order", [1, 2, 3], [1, 2, 3]],
  ["late", [1, 3, 2], [1, 2, 3]],
  ["before all others", [2, 3, 1], [1, 2, 3]],
  ["again", [1, 2, 1, 2], [1, 2]],
  ["many", [9, 8, 7, 6, 5, 4, 3, 2, 1, 12, 11, 10], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
])("rows stand in the order of time, come they %s", (_, come, stand) => {
  const volume = with3(...come);
  expect(volume.rows()).toEqual(
    stand.map((bucket) => row(bucket, { messages: 3 * come.filter((one) => one === bucket).length })),
  );
});

test.each([
  [1, 0],
  [2, 3],
  [3, 0],
  [4, 3],
  [5, 0],
])("of %i it tells %i", (bucket, messages) => {
  expect(with3(2, 4).value(bucket, "messages")).toBe(messages);
});

test.each([
  [undefined, undefined, [2, 4, 6]],
  [2, 4, [2, 4]],
  [3, 5, [4]],
  [4, undefined, [4, 6]],
  [7, 9, []],
])("rows from %s to %s", (first, last, found) => {
  expect(
    with3(2, 4, 6)
      .rows(first, last)
      .map(({ bucket }) => bucket),
  ).toEqual(found);
});

test.each([
  [2, [2, 4, 6]],
  [3, [4, 6]],
  [6, [6]],
  [7, []],
])("what is before %i is forgotten", (bucket, left) => {
  const volume = with3(2, 4, 6);
  volume.forgetBefore(bucket);
  expect(volume.rows().map((one) => one.bucket)).toEqual(left);
});

describe("several together", () => {
  const one = new Volume();
  one.kept(3, 2, 100, 0b01);
  one.raise(3, "highestOpen", 4);
  one.raise(3, "highestMinute", 4);
  const other = new Volume();
  other.kept(1, 1, 1, 0b01);
  other.kept(3, 5, 50, 0b11);
  other.raise(3, "highestOpen", 6);
  other.raise(3, "highestMinute", 6);
  other.add(3, "connections", 8);
  const third = with3(2);

  test("are added up by bucket, but of connections the highest is taken", () => {
    expect(mergedVolume([one, other, third]).rows()).toEqual([
      row(1, { messages: 1, recipients: 1, octets: 1, hours: 0b01 }),
      row(2, { messages: 3 }),
      row(3, {
        connections: 8,
        messages: 2,
        recipients: 7,
        octets: 150,
        hours: 0b11,
        highestOpen: 6,
        highestMinute: 10,
      }),
    ]);
    expect(one.rows()).toEqual([
      row(3, { messages: 1, recipients: 2, octets: 100, hours: 0b01, highestOpen: 4, highestMinute: 4 }),
    ]);
  });

  test("one is itself, none is empty", () => {
    expect(mergedVolume([one])).toBe(one);
    expect(mergedVolume([]).rows()).toEqual([]);
  });
});
