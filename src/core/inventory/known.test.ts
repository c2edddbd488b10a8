import { expect, test } from "vitest";
import type { Party } from "./parties.ts";
import { knownOf, namingCommand } from "./known.ts";
import { newSender, type Sender } from "./sender.ts";
import { traitOf } from "./traits.ts";

const seen = (heloName: string) => [
  { kind: "heloName", name: heloName, firstMs: 0, lastMs: 0, count: 1 } as const,
];

test.each([
  ["", seen("erp-1.corp.test"), "weir New-Application erp-1 -Addresses 10.0.0.7"],
  ["", seen("[10.0.0.7]"), "weir New-Application NAME -Addresses 10.0.0.7"],
  ["", [], "weir New-Application NAME -Addresses 10.0.0.7"],
  ["o'brien", seen("x"), `weir New-Application o-brien -Users "o'brien"`],
  // No form that all shells read: that of sh.
  ["CORP\\scan o'er", seen("x"), "weir New-Application CORP-scan-o-er -Users 'CORP\\scan o'\\''er'"],
  ["CORP\\scan", seen("x"), "weir New-Application CORP-scan -Users 'CORP\\scan'"],
  ["API key shop.2", seen("x"), "weir New-Application shop.2 -Addresses 10.0.0.7"],
])("the command that names %j", (user, traits, command) => {
  expect(namingCommand({ source: "10.0.0.7", user, traits: [...traits] })).toBe(command);
});

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const nowMs = Date.UTC(2026, 10, 20, 12);
const nobody = { connections: 0, messages: 0, recipients: 0, octets: 0, refusals: 0 };

/** `messages` an hour before now, ten times as many ten days ago. */
function sender(source: string, firstMs: number, messages: number): Sender {
  const one = newSender(source, "", source, firstMs);
  one.lastMs = nowMs - messages;
  one.lastMessageMs = messages === 0 ? 0 : nowMs - 2 * messages;
  one.messages = messages;
  for (const [atMs, times] of [
    [nowMs - hourMs, 1],
    [nowMs - 10 * dayMs, 10],
  ] as const)
    for (const volume of [one.hours, one.days]) {
      const bucket = Math.floor(atMs / (volume === one.hours ? hourMs : dayMs));
      volume.add(bucket, "messages", times * messages);
      volume.add(bucket, "connections", times);
      volume.add(bucket, "recipients", 2 * times);
      volume.add(bucket, "octets", 3 * times);
      volume.add(bucket, "refusals", 4 * times);
    }
  return one;
}
const party = (...senders: readonly Sender[]): Party => ({ application: undefined, senders });

test("nobody sent nothing", () => {
  expect(knownOf(party(), 0, nowMs)).toEqual({
    ...nobody,
    firstMs: undefined,
    lastMs: undefined,
    lastMessageMs: undefined,
    usualPerDay: undefined,
    doors: [],
    tls: [],
    mechanisms: [],
    heloNames: [],
    connectors: [],
    sources: [],
  });
});

test("what several senders of one party are known by, the busiest first", () => {
  const [quiet, busy] = [sender("a", 50, 1), sender("b", 70, 3)];
  traitOf(quiet.traits, "door", "SMTP", 1);
  traitOf(quiet.traits, "tls", "TLSv1.3", 1);
  traitOf(busy.traits, "mechanism", "PLAIN", 1);
  traitOf(busy.traits, "heloName", "erp", 1);
  traitOf(busy.traits, "connector", "In", 1);
  expect(knownOf(party(quiet, busy, sender("b", 90, 0)), nowMs - hourMs, nowMs)).toMatchObject({
    firstMs: 50,
    lastMs: nowMs,
    lastMessageMs: nowMs - 2,
    connections: 3,
    messages: 4,
    recipients: 6,
    octets: 9,
    refusals: 12,
    doors: ["SMTP"],
    tls: ["TLSv1.3"],
    mechanisms: ["PLAIN"],
    heloNames: ["erp"],
    connectors: ["In"],
    sources: ["b", "a"],
  });
  expect(knownOf(party(sender("a", 50, 0)), 0, nowMs).lastMessageMs).toBeUndefined();
});

test.each([
  ["an hour ago", hourMs, 1],
  ["less than that: its hour counts as a whole", hourMs - 1, 1],
  ["this hour", 0, 0],
  ["hours, as long as they are kept", 8 * dayMs - 1, 1],
  ["from eight days on by days", 8 * dayMs, 1],
  ["ten days ago", 10 * dayMs, 11],
  ["the day after", 9 * dayMs, 1],
])("counted from %s", (_, agoMs, messages) => {
  const one = sender("a", 0, 1);
  one.hours.add(Math.floor((nowMs - 10 * dayMs) / hourMs), "messages", 100);
  expect(knownOf(party(one), nowMs - agoMs, nowMs).messages).toBe(messages);
});
