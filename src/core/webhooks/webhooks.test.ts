import { describe, expect, test } from "vitest";
import { Batch, mostEntries, mostOfAnEvent } from "./batch.ts";
import { webhookBody } from "./bodies.ts";
import { isChosen, parseEventChoice } from "./event-choice.ts";
import { meaningOf, retryPause } from "./retry-pause.ts";
import type { ToldEvent } from "./told-event.ts";

const idOf = (name: string): number | undefined => (name === "QueueRetry" ? 20_101 : undefined);

test.each([
  ["applications", [20_410, 20_416], [20_409, 20_417]],
  ["20410-20412", [20_410, 20_412], [20_413]],
  ["QueueRetry", [20_101], [20_102]],
  [" 1021 ", [1021], [1022]],
])("%s chooses by id", (text, taken, left) => {
  const choice = parseEventChoice(text, idOf);
  if (!choice.ok) throw new Error(choice.message);
  const chosen = (id: number) => isChosen([choice.value], { id, severity: "Information" });
  expect([taken.map(chosen), left.map(chosen)]).toEqual([taken.map(() => true), left.map(() => false)]);
});

test.each([
  ["errors", ["Error"]],
  ["Warnings", ["Error", "Warning"]],
])("%s chooses by severity", (text, severities) => {
  const choice = parseEventChoice(text, idOf);
  if (!choice.ok) throw new Error(choice.message);
  const chosen = ["Error", "Warning", "Information"].filter((severity) =>
    isChosen([choice.value], { id: 1, severity }),
  );
  expect(chosen).toEqual(severities);
});

test.each(["", "everything", "20416-20410", "1021,1031", "-5"])("%j is no event", (text) => {
  expect(parseEventChoice(text, idOf).ok).toBe(false);
});

const event = (name: string, text = `${name} happened`): ToldEvent => ({
  id: 20_410,
  name,
  category: "MSExchangeTransport\\SmtpReceive",
  severity: "Warning",
  text,
  fields: { source: "10.0.0.7" },
});

describe("a batch", () => {
  test("tells what is alike once, with a count", () => {
    const batch = new Batch("msg_1", 1_000);
    expect(batch.again("a", 1_000)).toBe(false);
    batch.add("a", event("A"), 1_000);
    expect(batch.again("a", 3_000)).toBe(true);
    expect(batch.again("a", 2_000)).toBe(true);
    expect(batch.entries).toEqual([{ event: event("A"), count: 3, firstAtMs: 1_000, lastAtMs: 3_000 }]);
  });

  test("has room for some of a kind and some in all, and counts the rest by event", () => {
    const batch = new Batch("msg_1", 0);
    for (let kind = 0; kind < 10; kind++)
      for (let at = 0; at < 1_000; at++) {
        const name = `Kind${kind}`;
        if (batch.hasRoomFor(name)) batch.add(`${name} ${at}`, event(name), at);
        else batch.addUntold({ id: kind, name });
      }
    expect(batch.entries.length).toBe(mostEntries);
    expect(batch.entries.filter(({ event: { name } }) => name === "Kind0").length).toBe(mostOfAnEvent);
    expect(batch.isFull).toBe(true);
    expect(batch.count).toBe(10_000);
    expect(batch.more[0]).toEqual({ id: 0, name: "Kind0", count: 990 });
  });

  test("is the same again from disk", () => {
    const batch = new Batch("msg_1", 5);
    batch.add("a", event("A"), 5);
    batch.addUntold({ id: 7, name: "B" });
    const again = Batch.of(JSON.parse(JSON.stringify(batch.stored())));
    expect(again.stored()).toEqual(batch.stored());
    expect(again.again("a", 9)).toBe(true);
    expect(() => Batch.of({} as never)).toThrow();
  });
});

const said = { retryAfter: undefined, nowMs: 0 };

test("pauses grow from 10 seconds to 15 minutes, and a receiver may ask for up to an hour", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 500].map((attempts) => retryPause(attempts, 0.5, said))).toEqual([
    10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 900_000,
  ]);
  expect(retryPause(1, 0, said)).toBe(8_000);
  expect(retryPause(1, 0.5, { ...said, retryAfter: "120" })).toBe(120_000);
  expect(retryPause(1, 0.5, { ...said, retryAfter: "999999" })).toBe(3_600_000);
  expect(retryPause(1, 0.5, { nowMs: 0, retryAfter: "Thu, 01 Jan 1970 00:10:00 GMT" })).toBe(600_000);
  expect(retryPause(1, 0.5, { ...said, retryAfter: "soon" })).toBe(10_000);
});

test.each([
  [200, "taken"],
  [202, "taken"],
  [301, "refused"],
  [404, "refused"],
  [410, "gone"],
  [503, "refused"],
])("%i means %s", (status, meaning) => {
  expect(meaningOf(status)).toBe(meaning);
});

describe("bodies", () => {
  const entry = {
    event: event("A", "<script> & [here](http://x)\u202e"),
    count: 2,
    firstAtMs: 0,
    lastAtMs: 60_000,
  };
  const telling = {
    relay: "relay.test",
    atMs: 0,
    isTest: false,
    entries: [entry],
    more: [{ id: 1021, name: "B", count: 5 }],
  };

  test("weir: all there is", () => {
    expect(webhookBody("weir", telling)).toEqual({
      type: "weir.events",
      timestamp: "1970-01-01T00:00:00.000Z",
      data: {
        relay: "relay.test",
        events: [
          {
            id: 20_410,
            name: "A",
            category: "MSExchangeTransport\\SmtpReceive",
            severity: "Warning",
            at: "1970-01-01T00:01:00.000Z",
            text: entry.event.text,
            fields: { source: "10.0.0.7" },
            count: 2,
            firstAt: "1970-01-01T00:00:00.000Z",
          },
        ],
        more: [{ id: 1021, name: "B", count: 5 }],
      },
    });
    expect(webhookBody("weir", { ...telling, isTest: true })).toMatchObject({ type: "weir.test" });
  });

  test("slack: a text in which nothing is a link or a mention", () => {
    expect(webhookBody("slack", telling)).toEqual({
      text: "*relay.test*\n*Warning 20410 (2 times)* &lt;script&gt; &amp; [here](http://x)\\u{202e}\nand 5 more: weir Get-EventLog lists them",
    });
  });

  test("teams: a card of runs without markup", () => {
    const text = JSON.stringify(webhookBody("teams", telling));
    expect(text).toContain('"contentType":"application/vnd.microsoft.card.adaptive"');
    expect(text).toContain(
      '{"type":"TextRun","text":"Warning 20410 (2 times) ","weight":"bolder","color":"warning"}',
    );
    expect(text).not.toContain('"TextBlock"');
  });

  test("chat gets what it can take, and how much more there is", () => {
    const entries = Array.from({ length: mostEntries }, (_, at) => ({
      ...entry,
      event: event(`A${at}`, "x".repeat(1_000)),
      count: 1,
    }));
    const { text } = webhookBody("slack", { ...telling, entries, more: [] }) as { text: string };
    expect(text.length).toBeLessThan(4_096);
    expect(text).toMatch(/and 37 more: weir Get-EventLog lists them$/);
    expect(JSON.stringify(webhookBody("teams", { ...telling, entries })).length).toBeLessThan(28_000);
  });
});
