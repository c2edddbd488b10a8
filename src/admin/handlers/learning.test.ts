import { expect, test } from "vitest";
import { learningNotes } from "./learning.ts";

const day = 86_400_000;
const record = {
  trafficRecordEnabled: true,
  trafficRecordMaxAge: 35 * day,
  trafficRecordMaxDirectorySize: 1,
};

test.each<[string, Partial<typeof record>, number | undefined, RegExp | undefined]>([
  ["as long as the record is kept", {}, 35 * day, undefined],
  ["who does not learn", { trafficRecordEnabled: false }, undefined, undefined],
  ["longer than the record is kept", {}, 60 * day, /kept for 35d: .* -TrafficRecordMaxAge 60d$/],
  [
    "without a record",
    { trafficRecordEnabled: false },
    day,
    /^The traffic record is off, .* -TrafficRecordEnabled true$/,
  ],
])("%s", (_, given, learnMs, told) => {
  const notes = learningNotes({ ...record, ...given }, learnMs);
  if (told === undefined) expect(notes).toEqual([]);
  else expect(notes).toEqual([expect.stringMatching(told)]);
});
