/** Each cause in words: when it is told, how pressing it is, in which tense. */
import { describe, expect, test } from "vitest";
import type { RecentRefusal } from "../../metrics/recent-refusals.ts";
import { toldRefusal } from "../../testing/test-refusal.ts";
import { receiveConnector, smartHostConnector, testSettings } from "../../testing/test-settings.ts";
import { calmHeadline } from "./calm.ts";
import { configurationHeadlines } from "./configuration.ts";
import { deliveryHeadlines } from "./deliveries.ts";
import { dropDirectoryHeadlines } from "./drop-directories.ts";
import { listenerHeadlines } from "./listeners.ts";
import { loggingHeadlines } from "./logging.ts";
import { queueHeadlines, type QueueSnapshot } from "./queues.ts";
import { refusalHeadlines } from "./refusals.ts";
import { sendBudgetHeadlines } from "./send-budgets.ts";
import { serviceHeadlines } from "./service.ts";
import { suspendedMessageHeadlines } from "./suspended-messages.ts";

const instant = (at: number): string => `T${at / 1000}`;
const nobody = (): undefined => undefined;
const scom = (source: string): string | undefined => (source === "10.1.4.7" ? "SCOM" : undefined);

describe("refusals", () => {
  const now = 600_000;
  const refusal: RecentRefusal = {
    ...toldRefusal("connectionLimitPerSource"),
    address: "10.1.4.7",
    source: "10.1.4.7",
    count: 311,
    since: now - 500_000,
    lastAt: now - 1_000,
  };
  const said = (given: Partial<RecentRefusal>, perSource: number, name = "AppRelay") => {
    const settings = testSettings({
      dataDirectory: "/",
      receiveConnectors: [receiveConnector({ name, maxInboundConnectionPerSource: perSource })],
    });
    const usage = { source: () => [], connectionRate: () => ({ wantedLastHour: 0 }) };
    const relay = { settings, usage } as unknown as Parameters<typeof refusalHeadlines>[0];
    return refusalHeadlines(relay, [{ ...refusal, ...given }], now, scom, instant)[0];
  };

  test.each([
    [
      "goes on",
      {},
      20,
      "warning",
      "10.1.4.7 (SCOM) is being refused by AppRelay: 20 connections per source. 311 times in the last 10 minutes.",
    ],
    [
      "is no limit's",
      {
        ...toldRefusal("unableToRelay", { problem: "dest.example is no accepted domain" }),
        source: "10.1.4.7",
      },
      20,
      "warning",
      "10.1.4.7 (SCOM) is being refused by AppRelay: dest.example is no accepted domain. 311 times in the last 10 minutes.",
    ],
    [
      "is no connector's",
      { ...toldRefusal("noConnector", { connector: undefined }), source: "10.1.4.7" },
      20,
      "warning",
      "10.1.4.7 (SCOM) is being refused: no connector's remoteIpRanges hold this address. 311 times in the last 10 minutes.",
    ],
    [
      "is over, and may come again",
      { lastAt: now - 61_000 },
      20,
      "warning",
      "10.1.4.7 (SCOM) was refused by AppRelay until T539: 20 connections per source. 311 times in the last 10 minutes.",
    ],
    [
      "was ended by a higher limit",
      {},
      75,
      "information",
      "10.1.4.7 (SCOM) was refused by AppRelay 311 times until T599: 20 connections per source. The limit is now 75.",
    ],
    [
      "was ended by taking the limit away",
      { count: 1 },
      Infinity,
      "information",
      "10.1.4.7 (SCOM) was refused by AppRelay once until T599: 20 connections per source. There is no limit now.",
    ],
    [
      "of a setting of the transport service goes on",
      { limit: "maxConnectionRatePerMinute", configured: 1_000_000, source: "10.9.9.9" },
      20,
      "warning",
      "10.9.9.9 is being refused by AppRelay: 1,000,000 connections a minute in all. 311 times in the last 10 minutes.",
    ],
  ])("%s", (_, given, perSource, severity, text) => {
    expect(said(given, perSource)).toMatchObject({ severity, text });
  });

  test("by a connector that was removed are over", () => {
    expect(said({}, 20, "Other")).toMatchObject({
      severity: "information",
      text: expect.stringMatching(/There is no receive connector AppRelay any more\.$/) as string,
    });
  });
});

const queue = (given: Partial<QueueSnapshot>): QueueSnapshot => ({
  queue: "Out;a.test",
  identity: "Out;a.test",
  deliveryType: "SmartHostConnectorDelivery",
  nextHop: "a.test",
  connector: "Out",
  status: "Ready",
  messages: 2,
  running: 0,
  waiting: 0,
  retryCount: 0,
  lastError: undefined,
  putOff: undefined,
  waitsForTurn: undefined,
  holds: [],
  firstRetryAt: undefined,
  lastRetryAt: undefined,
  nextRetryAt: undefined,
  emptyAt: undefined,
  fallback: undefined,
  incomingRate: 0,
  outgoingRate: 0,
  velocity: 0,
  ...given,
});

test("many domains of one connector are one headline", () => {
  const domains = (count: number) =>
    Array.from({ length: count }, (_, n) =>
      queue({
        queue: `Net;d${n}.test`,
        identity: `Net;d${n}.test`,
        nextHop: `d${n}.test`,
        deliveryType: "DnsConnectorDelivery",
        connector: "Net",
        status: "Retry",
        messages: n + 1,
        lastError: "refused",
      }),
    );
  const texts = (count: number) =>
    queueHeadlines(domains(count), new Map(), (at) => String(at)).map(({ text }) => text);
  expect(texts(3)).toHaveLength(3);
  expect(texts(1000)).toEqual([
    "Mail for 1,000 domains cannot be delivered by Net. 500,500 messages wait, most for d999.test: refused.",
  ]);
});

describe("send budgets", () => {
  const budget = (given: Partial<Parameters<typeof sendBudgetHeadlines>[0][number]>) => ({
    connectors: ["Out"],
    mailbox: "a@x.test",
    limits: { messagesPerMinute: 30, recipientsPerDay: 10_000 },
    recipientsUsed: 0,
    freesAt: undefined,
    usedUpAt: undefined,
    waitingMessages: 0,
    waitingRecipients: 0,
    emptyAt: undefined,
    ...given,
  });
  const day = "of its 10,000 recipients of 24 hours";
  test.each<[Parameters<typeof budget>[0], string[]]>([
    [{ recipientsUsed: 7_999, freesAt: 9_000 }, []],
    [
      { recipientsUsed: 8_000, usedUpAt: 3_000, freesAt: 9_000 },
      [
        `warning: a@x.test over Out has used 8,000 ${day} (80 %). At the pace of the last hour they are used up T3. The first are free again T9.`,
      ],
    ],
    [
      { recipientsUsed: 10_000, freesAt: 9_000, mailbox: undefined },
      [
        "warning: Send connector Out has used up its 10,000 recipients of 24 hours: what comes now waits. The first are free again T9.",
      ],
    ],
    [{ waitingMessages: 9, emptyAt: 300_000 }, []],
    [
      { waitingMessages: 9, emptyAt: 300_001 },
      [
        "information: 9 messages of a@x.test over Out wait for their turn (30 messages a minute, 10,000 recipients a day). The last leaves T300.001 if no more comes.",
      ],
    ],
    [
      {
        waitingMessages: 1,
        emptyAt: 9_000_000,
        limits: { messagesPerMinute: Infinity, recipientsPerDay: 5 },
      },
      [
        "warning: 1 message of a@x.test over Out waits for its turn (5 recipients a day). The last leaves T9000 if no more comes.",
      ],
    ],
    [
      { waitingMessages: 9, emptyAt: Infinity },
      [
        "warning: 9 messages of a@x.test over Out wait for their turn (30 messages a minute, 10,000 recipients a day). That takes more than 30 days.",
      ],
    ],
  ])("%j", (given, texts) => {
    const said = sendBudgetHeadlines([budget(given)], 0, 8_000_000, instant);
    expect(said.map(({ severity, text }) => `${severity}: ${text}`)).toEqual(texts);
  });

  test("of the fullest and of what takes longest, five each", () => {
    const many = Array.from({ length: 9 }, (_, at) =>
      budget({
        mailbox: `${at}@x.test`,
        recipientsUsed: 9_000 + at,
        waitingMessages: 1,
        emptyAt: 900_000 + at,
      }),
    );
    const said = sendBudgetHeadlines(many, 0, 8_000_000, instant);
    expect(said.map(({ text }) => /(\d)@x\.test/.exec(text)?.[1])).toEqual("8765487654".split(""));
    expect(said[0]).toMatchObject({ subject: "sendConnector", connector: "Out" });
  });
});

describe("queues", () => {
  const texts = (given: Partial<QueueSnapshot>, oldest?: number) =>
    queueHeadlines(
      [queue(given)],
      new Map(oldest === undefined ? [] : [["Out;a.test", oldest]]),
      instant,
    ).map(({ severity, text }) => [severity, text]);

  test.each([
    [{}, undefined, []],
    [{ status: "Retry", messages: 0, lastError: "421 4.3.2 no." }, undefined, []],
    [
      { status: "Retry", lastError: "421 4.3.2 no.", nextRetryAt: 60_000 },
      undefined,
      [["error", "Queue Out;a.test cannot be delivered: 421 4.3.2 no. 2 messages wait. Next attempt T60."]],
    ],
    [
      { putOff: "451 4.7.1 greylisted" },
      undefined,
      [["warning", "Queue Out;a.test is put off by its next hop: 451 4.7.1 greylisted. 2 messages wait."]],
    ],
    [{ status: "Active", putOff: "451 4.7.1 greylisted" }, undefined, []],
    [
      {
        status: "Active",
        putOff: "mail of a@x.test waits until T9: 535 no",
        holds: [{ mailbox: "a@x.test", until: 9_000, error: "535 no", advice: "" }],
      },
      undefined,
      [
        [
          "warning",
          "Queue Out;a.test is put off by its next hop: mail of a@x.test waits until T9: 535 no. 2 messages wait.",
        ],
      ],
    ],
    [{ waitsForTurn: "2 messages wait for their turn" }, undefined, []],
    [
      {
        putOff: "mail of a@x.test waits until T9: 554 full",
        holds: [{ mailbox: "a@x.test", until: 9_000, error: "554 full", advice: "empty its Sent Items" }],
      },
      undefined,
      [
        [
          "warning",
          "Queue Out;a.test is put off by its next hop: mail of a@x.test waits until T9: 554 full. Empty its Sent Items. 2 messages wait.",
        ],
      ],
    ],
    [
      { status: "Suspended", messages: 389 },
      5_000,
      [
        [
          "warning",
          "Queue Out;a.test is suspended: it takes mail and delivers none. 389 messages wait, the oldest since T5. Resume-Queue lets it go on.",
        ],
      ],
    ],
    [
      { status: "Suspended", messages: 0 },
      undefined,
      [
        [
          "warning",
          "Queue Out;a.test is suspended: it takes mail and delivers none. Nothing waits in it yet. Resume-Queue lets it go on.",
        ],
      ],
    ],
  ] as const)("%o", (given, oldest, expected) => {
    expect(texts(given, oldest)).toEqual(expected);
  });
});

test("suspended messages are counted over queues, with the oldest", () => {
  const found = { queue: "Out;a.test", messages: 3, isAll: true, oldestAt: 7_000 };
  expect(suspendedMessageHeadlines([], instant)).toEqual([]);
  expect(suspendedMessageHeadlines([found], instant)).toMatchObject([
    {
      severity: "warning",
      queue: "Out;a.test",
      text: "3 messages of queue Out;a.test are suspended and not tried until Resume-Message, the oldest since T7.",
    },
  ]);
  const other = { queue: "Out;b.test", messages: 200, isAll: false, oldestAt: 4_000 };
  expect(suspendedMessageHeadlines([found, other], instant)).toMatchObject([
    {
      count: 203,
      text: "At least 203 messages of 2 queues are suspended and not tried until Resume-Message, the oldest since T4.",
    },
  ]);
});

describe("deliveries that fail", () => {
  const failure = {
    connector: "Picky",
    host: "picky.test",
    source: "10.1.4.7",
    error: "550 5.1.1 no such user.",
    count: 312,
    since: 1_000,
    lastAt: 9_000,
  };

  test("a storm is named by next hop and application", () => {
    expect(deliveryHeadlines([failure], scom, instant)).toEqual([
      {
        subject: "delivery",
        severity: "warning",
        text: "Mail of 10.1.4.7 (SCOM) could not be delivered to 312 recipients over Picky in the last 10 minutes, last T9. picky.test said: 550 5.1.1 no such user.",
        connector: "Picky",
        source: "10.1.4.7",
        application: "SCOM",
        count: 312,
        since: "T1",
      },
    ]);
  });

  test("a single one is told and warns nobody", () => {
    expect(deliveryHeadlines([{ ...failure, count: 1, host: undefined }], nobody, instant)).toMatchObject([
      {
        severity: "information",
        text: "Mail of 10.1.4.7 could not be delivered to 1 recipient over Picky in the last 10 minutes, last T9. 550 5.1.1 no such user.",
      },
    ]);
  });

  test("beyond five the others are summed up", () => {
    const many = Array.from({ length: 8 }, (_, at) => ({ ...failure, source: `10.1.4.${at}`, count: 4 }));
    const said = deliveryHeadlines(many, nobody, instant);
    expect(said).toHaveLength(6);
    expect(said[5]).toMatchObject({ severity: "warning", count: 12 });
  });
});

test("a rejected file is told with its faults, each with file and line", () => {
  const fault = { path: "transport.x", line: 12, column: 3, message: "unknown setting", suggestion: "y" };
  expect(configurationHeadlines([], "/etc/weir.yaml")).toEqual([]);
  expect(configurationHeadlines([fault, fault, fault, fault, fault], "/etc/weir.yaml")).toMatchObject([
    {
      severity: "error",
      text: `The configuration file has 5 faults and was not applied; what held before goes on. ${"/etc/weir.yaml:12:3 transport.x: unknown setting; did you mean y? ".repeat(3)}2 more.`,
    },
  ]);
});

test("a listener that cannot be opened is told with who holds the port", () => {
  const failed = {
    endpoint: { address: "0.0.0.0", port: 25, door: "SMTP" as const },
    connectors: ["AppRelay", "Printers"],
    error: new Error("listen EADDRINUSE"),
    reason: "listen EADDRINUSE; postfix, process 77 listens there",
  };
  expect(listenerHeadlines([])).toEqual([]);
  expect(listenerHeadlines([failed])).toEqual([
    {
      subject: "listener",
      severity: "error",
      text: "Nothing listens on 0.0.0.0:25 for AppRelay, Printers: listen EADDRINUSE; postfix, process 77 listens there.",
      connector: "AppRelay",
    },
  ]);
});

test("why no mail is taken; back pressure tells itself", () => {
  expect(
    serviceHeadlines({
      reasons: ["no listener for mail is open", "back pressure is High: UsedDiskSpace is at 99"],
    }),
  ).toEqual([
    { subject: "service", severity: "error", text: "No mail is taken: no listener for mail is open." },
  ]);
});

test.each([
  [{}, undefined, ""],
  [{ SmtpReceive: "Lowest" }, undefined, ""],
  [{ DSN: "Low" }, "information", "Diagnostic logging is raised: DSN is Low."],
  [
    { DSN: "Low", "MSExchangeTransport\\SmtpReceive": "Expert" },
    "warning",
    "Diagnostic logging is raised: SmtpReceive is Expert, DSN is Low. At Expert",
  ],
] as const)("logging levels %o", (levels, severity, text) => {
  const [said] = loggingHeadlines(levels);
  expect(said?.severity).toBe(severity);
  expect(said?.text ?? "").toContain(text);
});

describe("mail into a directory", () => {
  const everything = [{ domain: "", subdomains: true, cost: 10 }];
  const drop = {
    kind: "drop",
    name: "Drop",
    enabled: true,
    comment: "",
    addressSpaces: everything,
    maxMessageSize: Infinity,
    dropDirectory: "/data/drop",
  } as const;

  test.each([
    ["for all domains", [drop], true],
    [
      "for one domain",
      [{ ...drop, addressSpaces: [{ domain: "a.test", subdomains: false, cost: 1 }] }],
      false,
    ],
    ["of a connector that is disabled", [{ ...drop, enabled: false }], false],
    ["behind a cheaper smart host", [drop, smartHostConnector(25)], false],
  ])("%s", (_, connectors, isTold) => {
    const said = dropDirectoryHeadlines(connectors);
    expect(said.map(({ text }) => text)).toEqual(
      isTold
        ? [
            "Mail never leaves this machine: send connector Drop, for all domains (*), writes it to /data/drop. For real delivery give its address space to a connector with a smart host.",
          ]
        : [],
    );
  });
});

test("all is well", () => {
  expect(calmHeadline({ sessions: 1, queued: 1200 }, [{ received: 2 }, { received: 5 }]).text).toBe(
    "All is well: 1 connection, 7 messages in the last minute, 1,200 queued, nobody is refused.",
  );
});
