/** Five weeks of traffic with known truth: what is told of whom, when, and that nothing else is. */
import { beforeAll, describe, expect, it, test } from "vitest";
import { ipRange } from "../units/ip-range.ts";
import { parseWeeklyHours } from "../units/weekly-hours.ts";
import { noProfile, type TrafficClient } from "../traffic/traffic-facts.ts";
import { findingsOf, findingsOfSource, OpenFindings, type Finding } from "./findings.ts";
import { Inventory } from "./inventory.ts";
import { applicationOfSender, partyKey, type Party } from "./parties.ts";
import { settleLoss } from "./silent-loss.ts";
import type { Application } from "../policy/application.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A Monday. */
const monday = Date.UTC(2026, 10, 2);

interface Visit {
  readonly at: number;
  readonly source: string;
  readonly user?: string;
  readonly heloName?: string;
  readonly messages?: number;
  /** Turned away at the door. */
  readonly refused?: true;
}

const visits: Visit[] = [];
const at = (day: number, hour: number, minute = 0): number => dayMs * day + hourMs * hour + 60_000 * minute;
const isWorkday = (day: number): boolean => day % 7 < 5;
const days = Array.from({ length: 35 }, (_, day) => day);

// ERP, by day, from two servers; a loop on the 24th.
for (const day of days.filter(isWorkday))
  for (let hour = 8; hour < 18; hour++)
    for (const server of ["10.1.0.1", "10.1.0.2"])
      visits.push({ at: at(day, hour, 5), source: server, messages: 3 });
for (let minute = 0; minute < 50; minute++)
  visits.push({ at: at(24, 11, minute), source: "10.1.0.1", messages: 20 });
// A batch at midnight, all connections at once; on the 21st half of it is refused and gone, on the 28th it comes again.
for (const day of days) {
  const refused = day === 21 || day === 28 ? 20 : 0;
  for (let n = 0; n < 40 - refused; n++)
    visits.push({ at: at(day, 0), source: "10.2.0.1", heloName: "batch" });
  for (let n = 0; n < refused; n++) visits.push({ at: at(day, 0, 1), source: "10.2.0.1", refused: true });
  if (day === 28)
    for (let n = 0; n < refused; n++)
      visits.push({ at: at(day, 0, 16), source: "10.2.0.1", heloName: "batch" });
}
// Monitoring stops on the 20th at noon.
for (const day of days)
  for (let hour = 0; hour < 24; hour++)
    if (at(day, hour) < at(20, 12)) visits.push({ at: at(day, hour, 30), source: "10.3.0.1" });
// A router with three machines behind it.
for (const day of days.filter(isWorkday))
  for (const heloName of ["pc-1", "pc-2", "pc-3"])
    for (let hour = 9; hour < 17; hour++)
      visits.push({ at: at(day, hour, 10), source: "10.4.0.1", heloName });
// A new application from the 18th on.
for (const day of days.filter((one) => one >= 18))
  for (let hour = 0; hour < 24; hour += 2)
    visits.push({ at: at(day, hour, 20), source: "10.5.0.1", heloName: "new.test" });
// A storm of tries, 400 for each of ten messages, until all come in.
for (const day of days.filter(isWorkday)) visits.push({ at: at(day, 10), source: "10.6.0.1", messages: 10 });
for (let n = 0; n < 400; n++)
  for (let one = 0; one < 10; one++)
    visits.push({ at: at(23, 12) + n * 2_000 + 10 * one, source: "10.6.0.1", refused: true });
for (let one = 0; one < 10; one++) visits.push({ at: at(23, 13), source: "10.6.0.1" });
// Somebody knocks and goes.
for (let n = 0; n < 2; n++) visits.push({ at: at(19, 4 + n), source: "192.0.2.1", refused: true });

const applications: readonly Application[] = [
  { name: "ERP", owner: "Finance IT", addresses: [ipRange("10.1.0.0/24")], users: [] },
];

function hear(
  inventory: Inventory,
  { at: when, source, user = "", heloName = "app", messages = 1, refused }: Visit,
  n: number,
): void {
  const client: TrafficClient = { connector: "AppRelay", source, address: source, door: "SMTP" };
  if (refused) return inventory.arrived(when, n, client, "refused", "connectionLimitPerSource");
  inventory.arrived(when, n, client, "admitted", undefined);
  inventory.described(when, n, { ...noProfile, user, heloName, tls: "TLSv1.3" });
  for (let message = 0; message < messages; message++) {
    inventory.message(when, n);
    inventory.kept(when, n, 2, 1_000);
  }
  inventory.left(when, n);
}

interface Told {
  readonly when: string;
  readonly what: string;
  readonly finding: Finding;
}

const told: Told[] = [];
const inventory = new Inventory();

function judge(nowMs: number, open: OpenFindings): void {
  const context = { nowMs, sinceMs: inventory.sinceMs ?? 0, outages: [], localOffsetMs: () => 0 };
  const erp = { application: applications[0], senders: [] as unknown[] };
  const parties: Party[] = [erp as unknown as Party];
  for (const sender of inventory.senders)
    if (applicationOfSender(applications, [], sender) === undefined)
      parties.push({ application: undefined, senders: [sender] });
    else erp.senders.push(sender);
  const tell = (about: string, found: readonly Finding[]): void => {
    const { begun, over } = open.judged(about, found);
    const when = `day ${Math.floor((nowMs - monday) / dayMs)}, ${new Date(nowMs).getUTCHours()}:00`;
    for (const finding of begun) told.push({ when, what: `${finding.kind} ${finding.who}`, finding });
    for (const finding of over) told.push({ when, what: `${finding.kind} ${finding.who} is over`, finding });
  };
  for (const party of parties) {
    for (const sender of party.senders) settleLoss(sender, nowMs);
    tell(partyKey(party), findingsOf(party, context));
  }
  for (const source of inventory.sources())
    tell(`source ${source}`, findingsOfSource(source, inventory.sendersOf(source), context));
}

beforeAll(() => {
  const open = new OpenFindings();
  visits.sort((one, other) => one.at - other.at);
  inventory.began(0, monday, "start");
  let next = 0;
  // Every second hour.
  for (let now = 2 * hourMs; now <= 35 * dayMs; now += 2 * hourMs) {
    for (let visit = visits[next]; visit !== undefined && visit.at < now; visit = visits[++next])
      hear(inventory, visit, next + 1);
    judge(monday + now, open);
  }
});

const toldOf = (who: string): string[] =>
  told.filter(({ finding }) => finding.who === who).map(({ when, what }) => `${when}: ${what}`);
const textOf = (what: string): string | undefined => told.find((one) => one.what === what)?.finding.text;

test("a loop is told within two hours, and over the next day", () => {
  expect(toldOf("ERP")).toEqual([
    "day 24, 12:00: unusualVolume ERP",
    "day 25, 0:00: unusualVolume ERP is over",
  ]);
  expect(textOf("unusualVolume ERP")).toBe(
    "sends ten times the usual: 1006 messages within an hour, 6 are usual in its busiest hour",
  );
});

test("half a batch that was refused and never came back is told in the morning; what came again is not lost", () => {
  expect(toldOf("10.2.0.1")).toEqual([
    "day 21, 6:00: silentLoss 10.2.0.1",
    "day 22, 2:00: silentLoss 10.2.0.1 is over",
  ]);
  expect(textOf("silentLoss 10.2.0.1")).toBe(
    "was refused at least 20 times (maxInboundConnectionPerSource) that it never came back from, 2026-11-23 00:01 UTC: these messages were probably lost at the client",
  );
});

test("who stops is told within hours", () => {
  expect(toldOf("10.3.0.1")).toEqual(["day 20, 18:00: silentSender 10.3.0.1"]);
});

test("machines behind one address are told a day after they came", () => {
  expect(toldOf("10.4.0.1")).toEqual(["day 1, 12:00: hiddenApplications 10.4.0.1"]);
  expect(textOf("hiddenApplications 10.4.0.1")).toBe(
    "hides 3 applications behind one address, by their HELO names (pc-1, pc-2, pc-3): per-source limits hit all of them together",
  );
});

test("a new sender is told at once, and is new for a week", () => {
  expect(toldOf("10.5.0.1")).toEqual([
    "day 18, 2:00: newSender 10.5.0.1",
    "day 25, 2:00: newSender 10.5.0.1 is over",
  ]);
});

test("nobody is lost in a storm of tries that comes to an end, and no more than that is told of anybody", () => {
  expect(toldOf("10.6.0.1")).toEqual([]);
  expect(toldOf("192.0.2.1")).toEqual([]);
  expect(told.filter(({ when }) => /^day [0-6],/.test(when)).map(({ what }) => what)).toEqual([
    "hiddenApplications 10.4.0.1",
  ]);
  expect(new Set(told.map(({ finding }) => finding.who)).size).toBe(5);
});

describe("what is known", () => {
  it("is exact", () => {
    const batch = inventory.find("10.2.0.1", "");
    expect(batch).toMatchObject({
      firstMs: monday,
      connections: 35 * 40 - 20,
      messages: 35 * 40 - 20,
      recipients: 2 * (35 * 40 - 20),
      refusals: 40,
    });
    expect(batch?.days.rows().find(({ bucket }) => bucket === monday / dayMs + 28)).toMatchObject({
      messages: 40,
      refusals: 20,
      octets: 40_000,
      highestMinute: 20,
      highestHour: 40,
      hours: 1,
    });
    expect(batch?.traits.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "door SMTP",
      "connector AppRelay",
      "heloName batch",
      "tls TLSv1.3",
      "mechanism none",
    ]);
  });

  it("is bounded", () => {
    const small = new Inventory({ senders: 5, rows: 20, hourDays: 2, days: 30 });
    small.began(0, monday, "start");
    visits.forEach((visit, n) => hear(small, visit, n + 1));
    small.tidy(monday + 35 * dayMs);
    expect(small.senderCount).toBe(5);
    expect(small.forgotten).toBeGreaterThan(0);
    // Those go first that never sent anything.
    expect(small.find("192.0.2.1", "")).toBeUndefined();
    const rows = [...small.senders].reduce((sum, { days: { rowCount } }) => sum + rowCount, 0);
    expect(rows).toBeLessThanOrEqual(20);
    expect(small.find("10.2.0.1", "")?.messages).toBe(35 * 40 - 20);
  });
});

describe("hours that were set", () => {
  const expectedHours = ["Mon-Fri 09:00-10:00", "Sun 20:00-21:00"].map((text) => {
    const hours = parseWeeklyHours(text);
    if (!hours.ok) throw new Error(hours.message);
    return hours.value;
  });
  const application: Application = {
    name: "Payroll",
    addresses: [],
    users: [],
    expectedHours,
  };
  const silentAt = (nowMs: number, outages: readonly { fromHour: number; toHour: number }[] = []) => {
    const kept = new Inventory();
    kept.began(0, monday, "start");
    for (const day of [0, 1, 2]) hear(kept, { at: at(day, 9, 5), source: "10.7.0.1" }, day + 1);
    const found = findingsOf(
      { application, senders: [...kept.senders] },
      { nowMs: monday + nowMs, sinceMs: monday, outages, localOffsetMs: () => 0 },
    );
    return found.filter(({ kind }) => kind === "silentSender").map(({ text }) => text);
  };

  it("are missed an hour behind their end", () => {
    expect(silentAt(at(3, 10, 59))).toEqual([]);
    expect(silentAt(at(3, 11))).toEqual([
      expect.stringContaining(
        "nothing came in its expected hours (Mon-Fri 09:00-10:00; Sun 20:00-21:00); the last came",
      ),
    ]);
  });

  it("say nothing in the day after the relay was away", () => {
    const away = { fromHour: monday / hourMs + 3 * 24, toHour: monday / hourMs + 3 * 24 + 1 };
    expect(silentAt(at(3, 11), [away])).toEqual([]);
    expect(silentAt(at(4, 11), [away])).toHaveLength(1);
  });
});
