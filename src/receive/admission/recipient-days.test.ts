import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EventName } from "../../events/catalogue.ts";
import type { Events } from "../../events/events.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createRecipientDays } from "./recipient-days.ts";
import { openRecipientDays } from "./recipient-days-file.ts";

const erp = { kind: "user", name: "erp", rights: {} } as const;
const shop = { kind: "application", name: "Shop", rights: {} } as const;
const rates = [
  { owner: erp, value: 10 },
  { owner: shop, value: 5 },
];

test("each owner is counted by itself, for a day, and what is not kept is given back", async () => {
  const clock = createFakeClock();
  const days = createRecipientDays(clock);
  expect(days.over(rates, 5)).toBeUndefined();
  const giveBack = days.take(rates, 5) as () => void;
  expect(days.over(rates, 1)).toMatchObject({ owner: shop, limit: 5, used: 5 });
  expect(days.over([{ owner: { ...erp, name: "ERP" }, value: 6 }], 2)).toMatchObject({ used: 5 });
  expect(days.take(rates, 1)).toMatchObject({ owner: shop, limit: 5, used: 5 });
  giveBack();
  expect(days.over(rates, 5)).toBeUndefined();
  days.take(rates, 5);
  await clock.advance(25 * 3_600_000);
  expect(days.over(rates, 5)).toBeUndefined();
  expect(days.all()).toEqual([]);
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "weir-recipients-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("it goes on over a restart, and a file that is broken is told and counts nothing", async () => {
  const clock = createFakeClock();
  const told: EventName[] = [];
  const events: Events = { wants: () => true, emit: (name) => void told.push(name) };
  const file = join(folder, "recipients.json");
  const first = await openRecipientDays(file, { clock, events });
  first.take(rates, 4);
  await first.close();
  const second = await openRecipientDays(file, { clock, events });
  expect(second.used(shop)).toBe(4);
  second.take(rates, 1);
  // Without a clean stop: what is older than some seconds is there.
  await clock.advance(6_000);
  await second.close();
  expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({
    recipients: [["user: erp", [[expect.any(Number), 5]]], {}],
  });
  expect(told).toEqual([]);
  const all = [
    "{",
    "{}",
    '{"recipients":[["a",[["b",1]]]]}',
    '{"recipients":[["a",[[1,"b"]]]]}',
    '{"recipients":[["a",[7]]]}',
    '{"recipients":[["a",7]]}',
    '{"recipients":[[7,[[1,1]]]]}',
    '{"recipients":["a"]}',
  ];
  for (const broken of all) {
    await writeFile(file, broken);
    expect((await openRecipientDays(file, { clock, events })).all()).toEqual([]);
  }
  expect(told).toEqual(all.map(() => "RelayFault"));
});
