import { expect, test } from "vitest";
import type { TrackingFilter } from "./filter.ts";
import { finishedRecipients } from "./finished-recipients.ts";
import type { TrackingEventId, TrackingRecord, TrackingSource } from "./tracking-record.ts";

type Told = readonly [TrackingEventId, recipients: readonly string[], status: string, TrackingSource?];

/** `told`: in the order in which it happened. */
async function fates(told: readonly Told[]) {
  let asked: TrackingFilter | undefined;
  const found = await finishedRecipients(
    {
      search(filter) {
        asked = filter;
        const records = told.map(
          ([eventId, recipients, recipientStatus, source = "SMTP"]) =>
            ({ eventId, recipients, recipientStatus, source }) as TrackingRecord,
        );
        return Promise.resolve(records.toReversed());
      },
    },
    4711,
  );
  return { found: Object.fromEntries(found), asked };
}

test("each recipient has what became of it last", async () => {
  const { found, asked } = await fates([
    ["FAIL", ["a@x", "d@x"], "550 5.1.1 no"],
    ["SEND", ["a@x", "b@x"], "250 ok"],
    ["EXPIRE", ["c@x"], "", "QUEUE"],
    ["DROP", ["e@x"], "removed by hand", "ADMIN"],
    ["DROP", ["f@x"], "", "ADMIN"],
    ["DROP", ["g@x"], "a report is not reported on", "DSN"],
    ["DEFER", ["h@x"], "450 later"],
  ]);
  expect(found).toEqual({
    "a@x": { status: "Complete", lastError: undefined },
    "b@x": { status: "Complete", lastError: undefined },
    "c@x": { status: "Failed", lastError: undefined },
    "d@x": { status: "Failed", lastError: "550 5.1.1 no" },
    "e@x": { status: "Removed", lastError: "removed by hand" },
    "f@x": { status: "Removed", lastError: undefined },
    "g@x": { status: "Failed", lastError: "a report is not reported on" },
  });
  expect(asked).toMatchObject({ internalMessageId: 4711, eventIds: ["SEND", "FAIL", "EXPIRE", "DROP"] });
  expect(asked?.resultSize).toBeGreaterThanOrEqual(10_000);
});

test("where the log tells nothing, nothing is claimed", async () => {
  expect((await fates([])).found).toEqual({});
});
