import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mostBatches } from "./webhook-queue.ts";
import { openWebhooks, type Webhooks } from "./webhooks.ts";
import type { EventChoice } from "../core/webhooks/event-choice.ts";
import type { WebhookSettings } from "../core/webhooks/webhook-settings.ts";
import { createEventLog, type EventLog } from "../events/event-log.ts";
import type { EventRecord } from "../events/events.ts";
import { HttpFailure, type OutgoingRequest } from "../ports/http-request.ts";
import type { SharedNotices } from "../ports/shared-notices.ts";
import { createFakeClock, type FakeClock } from "../testing/fake-clock.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const applications: EventChoice = { text: "applications", kind: "ids", first: 20_410, last: 20_416 };
const all: EventChoice = { text: "all", kind: "ids", first: 0, last: 99_999 };

const webhook = (given: Partial<WebhookSettings> = {}): WebhookSettings => ({
  name: "Alarms",
  enabled: true,
  url: "https://alarms.test/weir",
  events: [applications],
  format: "weir",
  secrets: [],
  authorization: undefined,
  ca: undefined,
  proxy: undefined,
  timeout: 10_000,
  groupWait: 5_000,
  groupInterval: minuteMs,
  expirationTimeout: 24 * hourMs,
  given: {
    url: "https://alarms.test/weir",
    urlFile: undefined,
    secretFile: undefined,
    authorizationFile: undefined,
    caFile: undefined,
  },
  ...given,
});

let directory: string;
let clock: FakeClock;
let events: EventLog;
let told: EventRecord[];
/** In turn; the last one stays. A number is a status. */
let answers: (number | { readonly status: number; readonly retryAfter: string } | "none" | "hangs")[];
let requests: (OutgoingRequest & { readonly atMs: number })[];
let running = 0;
const opened: Webhooks[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-webhooks-"));
  clock = createFakeClock(undefined, () => running > 0);
  events = createEventLog({ clock, levels: {} });
  told = [];
  events.subscribe((record) => told.push(record));
  answers = [200];
  requests = [];
});
afterEach(async () => {
  for (const webhooks of opened.splice(0)) await webhooks.close();
  await rm(directory, { recursive: true, force: true });
});

async function open(...given: (WebhookSettings | SharedNotices)[]): Promise<Webhooks> {
  const settings = given.filter((one) => "url" in one);
  const notices = given.find((one) => "claim" in one);
  const webhooks = openWebhooks({
    notices,
    directory: join(directory, "webhooks"),
    hostname: "relay.test",
    clock,
    random: () => 0.5,
    events,
    settings,
    http(request) {
      requests.push({ ...request, atMs: clock.now() });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer === "hangs") return new Promise(() => undefined);
      if (answer === "none" || answer === undefined)
        return Promise.reject(new HttpFailure("connect ECONNREFUSED", { reached: false, sent: false }));
      const status = typeof answer === "number" ? answer : answer.status;
      const headers = typeof answer === "number" ? {} : { "retry-after": answer.retryAfter };
      return Promise.resolve({ status, headers, body: Buffer.from("said") });
    },
  });
  events.subscribe((record) => webhooks.heard(record));
  await webhooks.start();
  opened.push(webhooks);
  return webhooks;
}

/** As kill -9: what was written stays. */
async function restart(...settings: WebhookSettings[]): Promise<Webhooks> {
  const before = opened.pop();
  await before?.close();
  return open(...settings);
}

const found = (who: string, name: "SenderNew" | "SenderSilent" = "SenderNew"): void =>
  events.emit(name, { who, what: "came first today", source: "10.0.0.7" });

interface Body {
  readonly type: string;
  readonly data: {
    readonly events: { readonly text: string; readonly count?: number; readonly fields: object }[];
    readonly more: { readonly count: number }[];
  };
}
const bodyOf = (request: OutgoingRequest | undefined): Body => JSON.parse(String(request?.body)) as Body;
const textsOf = (request: OutgoingRequest | undefined): string[] =>
  bodyOf(request).data.events.map(({ text }) => text);
const namesTold = (): string[] => told.map(({ name }) => name).filter((name) => name.startsWith("Webhook"));

test("events that come together are one request, and those of others none", async () => {
  const webhooks = await open(webhook());
  found("10.0.0.7");
  await clock.advance(3_000);
  found("10.0.0.8", "SenderSilent");
  events.emit("RelayStopped", { queued: 0 });
  expect(webhooks.states()[0]).toMatchObject({ status: "Waiting", waitingEvents: 2 });
  await clock.advance(1_999);
  expect(requests).toEqual([]);
  await clock.advance(1);
  expect(requests.length).toBe(1);
  expect(textsOf(requests[0])).toEqual([
    "10.0.0.7 came first today. Name it: weir New-Application NAME -Addresses 10.0.0.7. Told once.",
    "10.0.0.8 came first today. Told once, and when it sends again.",
  ]);
  expect(bodyOf(requests[0]).data.events[0]?.fields).toEqual({
    who: "10.0.0.7",
    what: "came first today",
    source: "10.0.0.7",
  });
  await clock.settle();
  expect(webhooks.states()[0]).toMatchObject({ status: "Ready", waitingEvents: 0, requests: { taken: 1 } });
});

test("without a wait an event is told at once", async () => {
  await open(webhook({ groupWait: 0 }));
  found("10.0.0.7");
  await clock.advance(0);
  expect(requests.length).toBe(1);
});

test("a storm of 10,000 events in six minutes is six requests and some, and none is lost from the counts", async () => {
  await open(webhook({ events: [all] }));
  for (let minute = 0; minute < 6; minute++) {
    for (let at = 0; at < 1_500; at++) found(`10.${minute}.0.${at}`);
    for (let at = 0; at < 167; at++)
      events.emit("SmtpReceiveMaxConnectionPerSourceReached", {
        connector: "AppRelay",
        source: "10.0.0.7",
        limit: 20,
        at,
      });
    await clock.advance(minuteMs);
  }
  await clock.advance(hourMs);
  expect(requests.length).toBeGreaterThan(5);
  expect(requests.length).toBeLessThanOrEqual(8);
  const counted = requests.reduce((sum, request) => {
    const { events: entries, more } = bodyOf(request).data;
    return [...entries, ...more].reduce((total, { count = 1 }) => total + count, sum);
  }, 0);
  expect(counted).toBe(6 * (1_500 + 167));
  expect(Math.max(...requests.map(({ body }) => body.length))).toBeLessThan(40_000);
});

test("what is not taken is tried again with the same id and growing pauses, and told when it lasts", async () => {
  answers = ["none", 500, { status: 429, retryAfter: "200" }, 204];
  const webhooks = await open(webhook());
  found("10.0.0.7");
  await clock.advance(5_000 + 10_000 + 30_000);
  expect(namesTold()).toEqual(["WebhookFailing"]);
  expect(told.at(-1)?.fields).toEqual({ webhook: "Alarms", error: "429 said", hours: 24 });
  expect(webhooks.states()[0]).toMatchObject({ status: "Retry", waitingEvents: 1, lastError: "429 said" });
  // What happens meanwhile goes after it.
  found("10.0.0.8");
  await clock.advance(200_000);
  const ids = requests.map(({ headers }) => headers["webhook-id"]);
  expect(ids.slice(0, 4)).toEqual(Array.from({ length: 4 }, () => ids[0]));
  const times = requests.map(({ atMs }) => atMs - (requests[0]?.atMs ?? 0));
  expect(times.slice(0, 4)).toEqual([0, 10_000, 40_000, 240_000]);
  expect(new Set(requests.slice(0, 4).map(({ body }) => body)).size).toBe(1);
  expect(namesTold()).toEqual(["WebhookFailing", "WebhookRecovered"]);
  await clock.advance(minuteMs);
  expect(requests.length).toBe(5);
  expect(textsOf(requests[4])).toEqual([expect.stringContaining("10.0.0.8")]);
});

test("what waits survives the process, under its id; a request under way is made again", async () => {
  answers = ["hangs"];
  await open(webhook());
  found("10.0.0.7");
  await clock.advance(6_000);
  found("10.0.0.8");
  await clock.advance(1_000);
  answers = [200];
  await restart(webhook());
  await clock.advance(3 * minuteMs);
  expect(requests.map(({ headers }) => headers["webhook-id"]).slice(0, 2)).toEqual([
    requests[0]?.headers["webhook-id"],
    requests[0]?.headers["webhook-id"],
  ]);
  expect(requests.slice(1).flatMap(textsOf)).toEqual([
    expect.stringContaining("10.0.0.7"),
    expect.stringContaining("10.0.0.8"),
  ]);
  await restart(webhook());
  await clock.advance(hourMs);
  expect(requests.length).toBe(3);
});

test("what nobody takes is given up in the end, and that is told to others only", async () => {
  answers = [500];
  const webhooks = await open(webhook({ events: [all], expirationTimeout: 2 * hourMs }));
  found("10.0.0.7");
  await clock.advance(3 * hourMs);
  const lost = told.find(({ name }) => name === "WebhookEventsLost");
  expect(lost?.fields).toMatchObject({ webhook: "Alarms", count: 1, error: "500 said" });
  expect(webhooks.states()[0]).toMatchObject({ waitingEvents: 0, lostEvents: 1 });
  expect(requests.every((request) => !String(request.body).includes("Webhook Alarms"))).toBe(true);
});

test("a receiver that is down for long costs a bounded queue; the rest is counted", async () => {
  answers = ["none"];
  const webhooks = await open(webhook({ events: [all] }));
  for (let at = 0; at < 2_000; at++) {
    found(`10.1.0.${at}`);
    events.emit("RelayFault", { where: `place ${at}`, error: "e" });
    events.emit("QueueRetry", { queue: `q${at}`, error: "e", seconds: 60, at, next: "", count: 1 } as never);
    events.emit("SenderSilent", { who: `10.2.0.${at}`, what: "is silent", source: "" });
    if (at % 20 === 0) await clock.advance(50);
  }
  await clock.advance(minuteMs);
  expect(webhooks.states()[0]).toMatchObject({ waitingEvents: 8_000 });
  answers = [200];
  await clock.advance(hourMs);
  expect(requests.length).toBeLessThan(mostBatches + 12);
});

test("410 ends it until it is changed or a test is taken", async () => {
  answers = [410];
  const webhooks = await open(webhook());
  found("10.0.0.7");
  await clock.advance(minuteMs);
  found("10.0.0.8");
  await clock.advance(hourMs);
  expect(requests.length).toBe(1);
  expect(namesTold()).toEqual(["WebhookGone", "WebhookEventsLost"]);
  expect(webhooks.states()[0]?.status).toBe("Gone");
  answers = [200];
  expect(await webhooks.test("alarms", "anna")).toMatchObject({ meaning: "taken", text: "200 said" });
  expect(bodyOf(requests[1])).toMatchObject({ type: "weir.test" });
  expect(textsOf(requests[1])).toEqual(["This is a test of webhook Alarms, sent by anna. Nothing happened."]);
  await clock.advance(0);
  expect(textsOf(requests[2])).toEqual([expect.stringContaining("10.0.0.8")]);
});

test("settings that change hold from then on; what is disabled or removed is told nothing", async () => {
  answers = ["none"];
  const webhooks = await open(webhook());
  found("10.0.0.7");
  await clock.advance(5_000);
  answers = [200];
  webhooks.reconfigure([webhook({ url: "https://other.test/" })]);
  await clock.advance(0);
  expect(requests.map(({ url }) => url)).toEqual(["https://alarms.test/weir", "https://other.test/"]);
  webhooks.reconfigure([webhook({ enabled: false })]);
  found("10.0.0.8");
  await clock.advance(hourMs);
  expect([requests.length, webhooks.states()[0]?.status]).toEqual([2, "Disabled"]);
  webhooks.reconfigure([]);
  expect(webhooks.states()).toEqual([]);
  expect(await webhooks.test("Alarms", "anna")).toBeUndefined();
});

test("a disk that takes nothing costs what waited, once told, and nothing else", async () => {
  await writeFile(join(directory, "webhooks"), "a file where a directory is wanted");
  await open(webhook({ events: [all] }));
  found("10.0.0.7");
  await clock.advance(hourMs);
  expect(told.filter(({ name }) => name === "WebhookQueueFault").length).toBe(1);
  expect(textsOf(requests[0])).toContainEqual(expect.stringContaining("10.0.0.7"));
});

test("of several nodes one tells what is about all of them, each what it met itself, and each all while nobody answers", async () => {
  const claims: string[] = [];
  let others = new Set<string>();
  let isAway = false;
  const webhooks = await open(webhook({ events: [all] }), {
    claim(notices) {
      for (const { key, forMs } of notices) claims.push(`${key.replaceAll("\n", " ")} ${forMs}`);
      if (isAway) return Promise.reject(new Error("nobody answers"));
      return Promise.resolve(notices.map(({ key }) => !others.has(key.split("\n")[3] ?? "")));
    },
    findings: () => Promise.reject(new Error("not asked")),
  });
  const full = (source: string): void =>
    events.emit("SmtpReceiveMaxConnectionPerSourceReached", {
      connector: "In",
      source,
      limit: 20,
      refusal: "source",
    });
  const toldTo = (index: number): string[] =>
    (
      JSON.parse(String(requests[index]?.body)) as { data: { events: { fields: { source?: string } }[] } }
    ).data.events.map(({ fields }) => fields.source ?? "");
  others = new Set(["10.0.0.2"]);
  full("10.0.0.1");
  full("10.0.0.2");
  events.emit("NodeResumed", {});
  await clock.advance(6_000);
  expect(toldTo(0)).toEqual(["10.0.0.1", ""]);
  expect(claims).toEqual([
    "alarms SmtpReceiveMaxConnectionPerSourceReached In 10.0.0.1 source 60000",
    "alarms SmtpReceiveMaxConnectionPerSourceReached In 10.0.0.2 source 60000",
  ]);
  // Nothing is left: no request.
  full("10.0.0.2");
  await clock.advance(2 * minuteMs);
  expect([requests.length, webhooks.states()[0]?.waitingEvents]).toEqual([1, 0]);
  isAway = true;
  answers = [500, 200];
  full("10.0.0.2");
  await clock.advance(2 * minuteMs);
  // Tried again it is as it was, and not asked for anew.
  expect([toldTo(1), toldTo(2)]).toEqual([["10.0.0.2"], ["10.0.0.2"]]);
  expect(claims).toHaveLength(4);
});
