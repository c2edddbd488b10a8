import { beforeAll, beforeEach, expect, it, test } from "vitest";
import { zoneResolver, type ZoneResolver } from "../testing/dns-zone.ts";
import { createFakeClock, type FakeClock } from "../testing/fake-clock.ts";
import type { DkimKey } from "./dkim-settings.ts";
import { createKeyWatch, type KeyWatch } from "./key-watch.ts";
import { newSigningKey, readSigningKey, type SigningKey } from "./signing-key.ts";

const minute = 60_000;
const hour = 60 * minute;
const name = "a._domainkey.contoso.com";

let pair: SigningKey;
beforeAll(async () => {
  pair = readSigningKey(await newSigningKey("ed25519"));
});

let clock: FakeClock;
let dns: ZoneResolver;
let told: string[];
let watch: KeyWatch;
let random: number;
const key = (state: DkimKey["state"] = "active", change: Partial<DkimKey> = {}): DkimKey => ({
  name,
  domain: "contoso.com",
  selector: "a",
  state,
  keyFile: "/keys/a.pem",
  key: pair,
  ...change,
});
beforeEach(() => {
  clock = createFakeClock();
  dns = zoneResolver({});
  told = [];
  random = 0;
  watch = createKeyWatch({
    resolver: dns,
    clock,
    random: () => random,
    events: {
      wants: () => true,
      emit: (event, fields) => void told.push(`${event} ${String(fields["key"])}`),
    },
  });
});
const publish = (record: string | undefined): void => {
  dns.zone = record === undefined ? {} : { [`${name} TXT`]: [record] };
};
const looks = (): number => dns.asked.length;

it("looks within a minute of the start, and then each day, not at the same time as others", async () => {
  publish(pair.record);
  watch.watch([key()]);
  expect([looks(), watch.found()]).toEqual([0, []]);
  await clock.advance(10_000);
  expect(looks()).toBe(1);
  expect(dns.forgotten).toEqual([name]);
  expect(watch.found()).toMatchObject([{ name, state: "active", dns: "fits", ok: true, at: clock.wall() }]);
  // A tenth of a day earlier or later.
  await clock.advance(21.6 * hour - 1);
  expect(looks()).toBe(1);
  random = 0.999;
  await clock.advance(1);
  expect(looks()).toBe(2);
  await clock.advance(26.3 * hour);
  expect(looks()).toBe(2);
  await clock.advance(hour);
  expect(looks()).toBe(3);
  expect(told).toEqual([]);
});

it("tells each day of a key that signs and is not believed, and once when it is again", async () => {
  watch.watch([key()]);
  await clock.advance(minute);
  expect(told).toEqual([`DkimKeyUnfit ${name}`]);
  expect(watch.found()).toMatchObject([{ dns: "missing", ok: false }]);
  publish("v=DKIM1; p=QUJD");
  await clock.advance(24 * hour);
  expect(told).toEqual([`DkimKeyUnfit ${name}`, `DkimKeyUnfit ${name}`]);
  publish(pair.record);
  await clock.advance(48 * hour);
  expect(told.slice(2)).toEqual([`DkimKeyFits ${name}`]);
});

it("tells once of a key that is to be published, and at once when it signs nevertheless", async () => {
  watch.watch([key("published")]);
  await clock.advance(5 * 24 * hour);
  expect(told).toEqual([`DkimKeyNotPublished ${name}`]);
  watch.watch([key("active")]);
  expect(watch.found()).toEqual([]);
  await clock.advance(minute);
  expect(told.slice(1)).toEqual([`DkimKeyUnfit ${name}`]);
});

it("keeps what is known while DNS cannot be asked, and asks again in an hour", async () => {
  publish(pair.record);
  watch.watch([key()]);
  await clock.advance(minute);
  dns.zone = { [`${name} TXT`]: "timeout" };
  await clock.advance(21.6 * hour);
  expect(told).toEqual([`DkimKeyNotLookedUp ${name}`]);
  expect(watch.found()).toMatchObject([{ ok: true }]);
  publish(undefined);
  await clock.advance(hour);
  expect(told.slice(1)).toEqual([`DkimKeyUnfit ${name}`]);
});

test("a change of the configuration asks for what is new, and forgets what is gone", async () => {
  publish(pair.record);
  watch.watch([key()]);
  await clock.advance(minute);
  watch.watch([key()]);
  await clock.advance(minute);
  expect(looks()).toBe(1);
  const other = "b._domainkey.contoso.com";
  watch.watch([key(), key("retired", { name: other })]);
  await clock.advance(minute);
  expect(looks()).toBe(3);
  expect(watch.found().map(({ name: one, ok }) => [one, ok])).toEqual([
    [name, true],
    [other, true],
  ]);
  watch.watch([]);
  expect(watch.found()).toEqual([]);
  await clock.advance(48 * hour);
  expect(looks()).toBe(3);
});

test("nothing is asked or told behind the end", async () => {
  watch.watch([key()]);
  watch.stop();
  await clock.advance(48 * hour);
  expect([looks(), told]).toEqual([0, []]);
});
