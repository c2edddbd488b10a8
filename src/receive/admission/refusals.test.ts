import { describe, expect, test } from "vitest";
import type { ConnectionRefusal } from "../../core/policy/connection-limits.ts";
import type { PressureLevel, PressureVerdict } from "../../core/policy/back-pressure.ts";
import { referenceOf, type Refusal } from "../../core/policy/refusal.ts";
import { replies, type Reply } from "../../core/smtp/reply.ts";
import { catalogue, type EventName } from "../../events/catalogue.ts";
import type { Events } from "../../events/events.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { receiveConnector } from "../../testing/test-settings.ts";
import { createRefusals, type Refusals } from "./refusals.ts";
import type { LimitUsage } from "./usage.ts";

function refusing(explainRefusals?: boolean, address = "10.0.0.1") {
  const clock = createFakeClock();
  const told: [EventName, object][] = [];
  const counted: [string, string, Refusal][] = [];
  const events = { emit: (name: EventName, fields: object) => void told.push([name, fields]) };
  const usage = {
    refused: (connector: string, source: string, refusal: Refusal) =>
      void counted.push([connector, source, refusal]),
  };
  const refusals = createRefusals(clock, events as unknown as Events, usage as unknown as LimitUsage);
  const connector = receiveConnector({ messageRateLimit: 30, limitDelay: 5_000, explainRefusals });
  return {
    refusals,
    told,
    counted,
    client: { connector, address, source: "key" },
    reference: (after = 0) => referenceOf(clock.wall().getTime() + after),
  };
}

const total: ConnectionRefusal = { limit: "maxInboundConnection", configured: 9, allowed: 9, seen: 9 };
const share: ConnectionRefusal = {
  limit: "maxInboundConnectionPercentagePerSource",
  configured: 2,
  allowed: 5,
  seen: 6,
};
const rate = { configured: 30, seen: 31 };
const pressed = (level: PressureLevel, current: number): PressureVerdict => ({
  level: level === "High" ? "High" : "Medium",
  mailTarpitMs: 0,
  refuse: "everyone",
  resources: [
    {
      resource: "UsedDiskSpace",
      level,
      current,
      thresholds: { lowToMedium: 89.04, mediumToHigh: 98.96, highToMedium: 90, mediumToLow: 80 },
      pollsPressed: 1,
    },
  ],
});
type Client = ReturnType<typeof refusing>["client"];

describe.each<
  [string, (refusals: Refusals, client: Client) => Reply, Reply, EventName, Partial<Refusal>, string]
>([
  [
    "the total",
    (r, c) => r.connection(c, total),
    replies.connectionLimit,
    "SmtpReceiveMaxConnectionReached",
    total,
    "",
  ],
  [
    "a source's share",
    (r, c) => r.connection(c, share),
    replies.connectionLimitPerSource,
    "SmtpReceiveMaxConnectionPerSourceReached",
    share,
    "",
  ],
  [
    "new connections",
    (r, c) => r.connectionRate(c, rate),
    replies.connectionRate,
    "ConnectionRateExceeded",
    { limit: "maxConnectionRatePerMinute", ...rate, allowed: 30 },
    "",
  ],
  [
    "messages",
    (r, c) => r.messageRate(c, "app", rate),
    replies.messageRate,
    "SmtpReceiveMessageRateLimitExceeded",
    { limit: "messageRateLimit", ...rate, allowed: 30 },
    "app",
  ],
  [
    "Medium pressure",
    (r, c) => r.pressure(c, "app", pressed("Medium", 90.26)),
    replies.insufficientResources,
    "MessageRefusedByBackPressure",
    { limit: "backPressureDiskMedium", configured: 89, allowed: 89, seen: 90.3 },
    "app",
  ],
  [
    "High pressure",
    (r, c) => r.pressure(c, undefined, pressed("High", 99.04)),
    replies.insufficientResources,
    "MessageRefusedByBackPressure",
    { limit: "backPressureDiskHigh", configured: 99, allowed: 99, seen: 99 },
    "",
  ],
  [
    "a limit of the session",
    (r, c) => r.session(c, replies.tooManyErrors, "maxProtocolErrors", 5),
    replies.tooManyErrors,
    "SessionLimitReached",
    { limit: "maxProtocolErrors", configured: 5, allowed: 5, seen: 5 },
    "",
  ],
])("%s", (_, refuse, reply, event, refusal, user) => {
  test("is said as reply and event, and counted, under one reference", () => {
    const { refusals, told, counted, client, reference } = refusing(true);
    const said = refuse(refusals, client);
    expect({ ...said, text: reply.text }).toEqual(reply);
    expect(said.text.startsWith(`${reply.text} (AppRelay: ${refusal.limit} `)).toBe(true);
    expect(said.text.endsWith(`source 10.0.0.1, event ${catalogue[event].id}, ref ${reference()})`)).toBe(
      true,
    );
    const { limit, configured, allowed, seen } = refusal;
    expect(counted).toEqual([
      [
        "AppRelay",
        "key",
        {
          connector: "AppRelay",
          limit,
          configured,
          allowed,
          seen,
          source: "10.0.0.1",
          eventId: catalogue[event].id,
          reference: reference(),
        },
      ],
    ]);
    expect(told).toEqual([
      [
        event,
        {
          connector: "AppRelay",
          source: "10.0.0.1",
          setting: limit,
          limit: allowed,
          configured,
          seen,
          user,
          reference: reference(),
          reply: `${said.code} ${said.status} ${said.text}`,
        },
      ],
    ]);
  });
});

test("the next refusal has the next reference", () => {
  const { refusals, counted, client, reference } = refusing();
  refusals.connection(client, total);
  refusals.connection(client, total);
  expect(counted.map(([, , refusal]) => refusal.reference)).toEqual([reference(0), reference(1)]);
});

test.each([
  [undefined, "10.0.0.1", true],
  [undefined, "203.0.113.1", false],
  [undefined, "what", false],
  [false, "10.0.0.1", false],
  [true, "203.0.113.1", true],
])("with explainRefusals %s the client %s is told why: %s", (setting, address, explained) => {
  const { refusals, client } = refusing(setting, address);
  const said = refusals.connection(client, total);
  expect(said === replies.connectionLimit).toBe(!explained);
});

test("without a resource that is pressed there is nothing to tell", () => {
  const { refusals, client, told } = refusing();
  expect(refusals.pressure(client, "app", { ...pressed("High", 99), resources: [] })).toBe(
    replies.insufficientResources,
  );
  expect(told).toEqual([]);
});

test("who waits is told of, in seconds", () => {
  const { refusals, client, told } = refusing();
  refusals.connectionHeld(client, share);
  refusals.messageHeld(client);
  expect(told).toEqual([
    [
      "ConnectionHeld",
      {
        connector: "AppRelay",
        source: "10.0.0.1",
        setting: "maxInboundConnectionPercentagePerSource",
        limit: 5,
        seen: 6,
        delaySeconds: 5,
      },
    ],
    [
      "MessageHeld",
      {
        connector: "AppRelay",
        source: "10.0.0.1",
        setting: "messageRateLimit",
        limit: 30,
        delaySeconds: 5,
      },
    ],
  ]);
});
