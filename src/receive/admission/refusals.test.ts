import { describe, expect, test } from "vitest";
import type { PressureLevel, PressureVerdict } from "../../core/policy/back-pressure.ts";
import type { ConnectionRefusal } from "../../core/policy/connection-limits.ts";
import {
  refusalCatalogue,
  silentRefusals,
  spokenRefusals,
  type RefusalDefinition,
  type SilentKind,
  type SpokenKind,
} from "../../core/refusals/catalogue.ts";
import {
  refusedByPressure,
  refusedConnection,
  refusedDeclaredSize,
  refusedSize,
} from "../../core/refusals/limit-refusals.ts";
import { referenceOf, refused, type Refusal, type Refused } from "../../core/refusals/refusal.ts";
import { ipRange } from "../../core/units/ip-range.ts";
import { catalogue, type EventName } from "../../events/catalogue.ts";
import { renderEvent } from "../../events/event-text.ts";
import type { EventRecord, Events } from "../../events/events.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { receiveConnector } from "../../testing/test-settings.ts";
import { createRefusals } from "./refusals.ts";

function refusing(explainRefusals?: boolean, address = "10.0.0.1") {
  const clock = createFakeClock();
  const told: [EventName, Record<string, unknown>][] = [];
  const counted: [string | undefined, string, Refusal][] = [];
  const wouldBe: Refusal[] = [];
  const events = {
    wants: () => true,
    emit: (name: EventName, fields: Record<string, unknown>) => void told.push([name, fields]),
  } as unknown as Events;
  const refusals = createRefusals({
    clock,
    events,
    usage: {
      refused: (...one) => void counted.push(one),
      wouldRefuse: (_connector, _source, refusal) => void wouldBe.push(refusal),
    },
    applications: () => [{ name: "Helpdesk", addresses: [ipRange("10.0.0.1")], users: ["app"] }],
  });
  const connector = receiveConnector({ messageRateLimit: 30, limitDelay: 5_000, explainRefusals });
  return {
    refusals,
    told,
    counted,
    wouldBe,
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

describe.each<[Refused, string, Partial<Refusal>]>([
  [refusedConnection(total), "AppRelay: maxInboundConnection 9", total],
  [refusedConnection(share), "AppRelay: maxInboundConnectionPercentagePerSource 2% = 5", share],
  [
    refused("connectionRate", { configured: 30, seen: 31 }),
    "AppRelay: maxConnectionRatePerMinute 30",
    { limit: "maxConnectionRatePerMinute", configured: 30, allowed: 30, seen: 31 },
  ],
  [
    refused("messageRate", { configured: 30, seen: 31 }),
    "AppRelay: messageRateLimit 30",
    { limit: "messageRateLimit", configured: 30, allowed: 30, seen: 31 },
  ],
  [
    refusedByPressure(pressed("Medium", 90.26)),
    "AppRelay: backPressureDiskMedium 89, UsedDiskSpace is at 90.3",
    { limit: "backPressureDiskMedium", configured: 89, allowed: 89, seen: 90.3 },
  ],
  [
    refusedByPressure(pressed("High", 99.04)),
    "AppRelay: backPressureDiskHigh 99, UsedDiskSpace is at 99",
    { limit: "backPressureDiskHigh", configured: 99, allowed: 99, seen: 99 },
  ],
  [
    refusedByPressure({ ...pressed("High", 99), resources: [] }),
    "AppRelay: a resource runs short",
    { limit: undefined, configured: undefined },
  ],
  [
    refusedSize("messageTooLarge", 40 * 1024 ** 2, 36 * 1024 ** 2, true),
    "AppRelay: maxMessageSize 36 MB, the message has 40 MB",
    { limit: "maxMessageSize", seen: 40 * 1024 ** 2 },
  ],
  [
    refusedSize("messageTooLarge", 65_537, 65_536, true),
    "AppRelay: maxMessageSize 64 KB, the message has 65,537 bytes",
    { limit: "maxMessageSize", seen: 65_537 },
  ],
  [
    refusedSize("headerTooLarge", 2_001, 2_000, false),
    "AppRelay: maxHeaderSize 2,000 bytes, the header had 1.954 KB and went on",
    { limit: "maxHeaderSize", seen: 2_001 },
  ],
  [
    refusedDeclaredSize(36 * 1024 ** 2 + 1, 36 * 1024 ** 2),
    "AppRelay: maxMessageSize 36 MB, the client announced 37,748,737 bytes",
    { limit: "maxMessageSize", seen: 36 * 1024 ** 2 + 1 },
  ],
  [
    refused("unableToRelay", { about: "dest.example", recipient: "a@dest.example" }),
    "AppRelay: the recipient's domain is no accepted domain, and this client may not relay",
    { about: "dest.example", limit: undefined, seen: undefined },
  ],
])("%j", (what, cause, refusal) => {
  test("is said as reply and event, and counted, under one reference", () => {
    const { refusals, told, counted, client, reference } = refusing(true);
    const { reply, event, class: of } = spokenRefusals[what.refused];
    const said = refusals.refuse(client, what);
    const eventId = catalogue[event].id;
    const explained = `${reply.text} (${cause}, source 10.0.0.1, event ${eventId}, ref ${reference()})`;
    expect(said).toMatchObject({ ...reply, text: explained });
    const record = {
      kind: what.refused,
      class: of,
      connector: "AppRelay",
      source: "10.0.0.1",
      eventId,
      reference: reference(),
      ...refusal,
    };
    expect(counted).toMatchObject([["AppRelay", "key", record]]);
    expect(said.told).toBe(counted[0]?.[2]);
    expect(told).toMatchObject([
      [
        event,
        {
          connector: "AppRelay",
          source: "10.0.0.1",
          application: "Helpdesk",
          who: "10.0.0.1 (Helpdesk)",
          refusal: what.refused,
          reference: reference(),
          reply: `${said.code} ${said.status} ${said.text}`,
        },
      ],
    ]);
  });
});

/** What only some kinds know; the event of no other kind names it. */
const facts = {
  sender: "a@b.example",
  recipient: "c@d.example",
  user: "app",
  configured: 1,
  seen: 2,
  fields: { endpoint: "0.0.0.0:25", error: "LogonDenied", mechanism: "Plain" },
};

test.each(Object.keys(refusalCatalogue))("the event of %s says all that its text names", (kind) => {
  const { refusals, told, client } = refusing();
  if (kind in spokenRefusals) refusals.refuse(client, refused(kind as SpokenKind, facts));
  else refusals.tell(client, kind as SilentKind, facts);
  const [[name, fields] = ["RelayFault", {}] as (typeof told)[number]] = told;
  const definition = catalogue[name];
  // Folded to an entry a minute.
  expect(definition).toMatchObject({ category: "SmtpReceive", limitHit: true });
  for (const [, field = ""] of definition.text.matchAll(/%([A-Za-z]+)/g))
    expect([field, fields[field]]).toEqual([field, expect.anything()]);
  const text = renderEvent({ name, definition, at: new Date(), fields: fields as EventRecord["fields"] });
  expect(text).not.toContain("%");
  expect(told).toHaveLength(1);
});

test.each(Object.keys(silentRefusals) as SilentKind[])(
  "%s is told and counted, though no reply can say it",
  (kind) => {
    const { refusals, told, counted, client } = refusing();
    refusals.tell({ ...client, connector: undefined }, kind, { detail: "broken" });
    const definition: RefusalDefinition = silentRefusals[kind];
    expect(counted).toMatchObject([[undefined, "key", { kind, class: definition.class, problem: "broken" }]]);
    expect(told).toMatchObject([[definition.event, { problem: "broken", connector: "" }]]);
  },
);

test("what follows from an earlier refusal is said with its reference, and not counted again", () => {
  const { refusals, told, counted, client } = refusing(true);
  const { told: earlier } = refusals.refuse(client, refused("unableToRelay"));
  const said = refusals.refuseAgain(client, refused("noValidRecipients"), earlier);
  expect(said).toMatchObject({ code: 554, told: earlier });
  expect(said.text).toContain(`ref ${earlier.reference}`);
  expect([told.length, counted.length]).toEqual([1, 1]);
  const bare = refusing(false);
  expect(bare.refusals.refuseAgain(bare.client, refused("noValidRecipients"), earlier).text).toBe(
    spokenRefusals.noValidRecipients.reply.text,
  );
});

test("the connection ends behind a reply that says so, or where it is asked for", () => {
  const { refusals, client } = refusing();
  const closes = (what: Refused) => refusals.refuse(client, what).close === true;
  expect(
    [refused("syntaxError"), { ...refused("syntaxError"), close: true as const }, refused("webClient")].map(
      closes,
    ),
  ).toEqual([false, true, true]);
});

test("an account's application goes before its address's", () => {
  const { refusals, told, client } = refusing(false, "10.9.9.9");
  refusals.refuse({ ...client, user: "APP" }, refused("syntaxError"));
  refusals.refuse(client, refused("syntaxError"));
  expect(told.map(([, { who }]) => who)).toEqual(["10.9.9.9 (Helpdesk)", "10.9.9.9"]);
});

test("the next refusal has the next reference", () => {
  const { refusals, counted, client, reference } = refusing();
  refusals.refuse(client, refusedConnection(total));
  refusals.refuse(client, refusedConnection(total));
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
  const said = refusals.refuse(client, refusedConnection(total));
  expect(said.text === spokenRefusals.connectionLimit.reply.text).toBe(!explained);
});

test("where no connector is for it, a private address is told why", () => {
  const { refusals, client } = refusing();
  const said = refusals.refuse({ ...client, connector: undefined }, refused("noConnector"));
  expect(said.text).toContain(
    " (no connector: no connector's remoteIpRanges hold this address, source 10.0.0.1, event 20014, ",
  );
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

test("what a limit that is only looked at would have refused is told as that, and counted by itself", () => {
  const { refusals, told, counted, wouldBe, client, reference } = refusing();
  refusals.wouldRefuse(client, refusedConnection(total), false);
  expect(counted).toEqual([]);
  expect(wouldBe).toMatchObject([{ kind: "connectionLimit", reportOnly: true, eventId: 20031 }]);
  const [[name, fields] = ["RelayFault", {}] as (typeof told)[number]] = told;
  expect(fields).not.toHaveProperty("refusal");
  expect(fields).toMatchObject({ who: "10.0.0.1 (Helpdesk)", reference: reference() });
  const record = { name, definition: catalogue[name], at: new Date(), fields } as EventRecord;
  expect(renderEvent(record)).toContain(
    "would have refused 10.0.0.1 (Helpdesk), if it enforced maxInboundConnection:",
  );
  refusals.wouldRefuse(
    { ...client, connector: { ...client.connector, limitAction: "delay" } },
    refused("messageRate"),
    false,
  );
  expect(told[1]?.[1]).toMatchObject({ what: "let wait (limitAction delay) or refused" });
});

test("who is refused by another limit anyway is counted, and told by that one", () => {
  const { refusals, told, wouldBe, client } = refusing();
  refusals.wouldRefuse(client, refusedConnection(total), true);
  expect([told.length, wouldBe.length]).toEqual([0, 1]);
});
