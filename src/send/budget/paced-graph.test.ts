/**
 * Microsoft Graph beside SMTP of the same tenant: what a mailbox sends by both is counted together, by pace and by day, over a
 * kill in the middle of it and a clock that is set back.
 */
import { afterEach, beforeAll, expect, test } from "vitest";
import { turnTaker } from "../../core/policy/application.ts";
import type { OAuthSettings } from "../../core/policy/oauth-settings.ts";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { SendLimitSettings } from "../../core/policy/send-limits.ts";
import { createEventLog } from "../../events/event-log.ts";
import type { EventRecord } from "../../events/events.ts";
import { createHttpRequest } from "../../ports/http-request.ts";
import { createSystemPorts } from "../../ports/system-ports.ts";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { type GraphServer, type GraphServerSettings, startGraphServer } from "../../testing/graph-server.ts";
import { createMemorySpool } from "../../testing/memory-spool.ts";
import { startMicrosoftSmtp, type SubmissionServer } from "../../testing/microsoft-smtp.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { testCertificate } from "../../testing/test-certificate.ts";
import { graphConnector, smartHostConnector } from "../../testing/test-settings.ts";
import type { CarrierBudgets } from "../delivery/carried-turns.ts";
import { createScheduler } from "../delivery/scheduler.ts";
import { createSmtpCarrier } from "../delivery/smtp/smtp-carrier.ts";
import { createGraphCarrier } from "../graph/graph-carrier.ts";
import { createMailboxTurns } from "../graph/mailbox-turns.ts";
import type { Token, TokenSource } from "../oauth/token-source.ts";
import type { BudgetStore, StoredBudget } from "./budget-file.ts";
import { openSendBudgets, type SendBudgets } from "./send-budgets.ts";

let tls: { key: string; cert: string };
beforeAll(async () => {
  tls = await testCertificate("smtp.office365.test");
});
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close();
});

const oauth: OAuthSettings = {
  grant: {
    kind: "clientCredentials",
    clientId: "c",
    credential: { kind: "secret", clientSecret: "s", expiresAt: undefined },
  },
  tokenEndpoint: "http://login.test/t",
  scope: "s",
  shown: {},
};
const token: Token = { value: "a-token", fetchedAt: 0, refreshAt: Infinity, endsAt: Infinity };
const tokens: TokenSource = {
  perMailbox: false,
  token: () => Promise.resolve(token),
  known: () => token,
  drop: () => undefined,
  retryNow: () => undefined,
};
const minute = 60_000;
const hour = 60 * minute;

interface Tenant {
  readonly clock: FakeClock;
  readonly graph: GraphServer;
  readonly smtp: SubmissionServer;
  readonly budgets: SendBudgets;
  readonly events: readonly EventRecord[];
  /** When calls began. */
  readonly left: readonly number[];
  submit(messages: number, to?: string, recipients?: number): Promise<void>;
  waitsForTurn(): readonly (string | undefined)[];
  /** As kill -9 does: nothing is written any more. */
  kill(): Promise<void>;
}

async function tenant(
  limits: Partial<SendLimitSettings>,
  given: {
    readonly disk?: { budgets: readonly StoredBudget[] };
    readonly startMs?: number;
    readonly server?: Partial<GraphServerSettings>;
  } = {},
): Promise<Tenant> {
  const { disk = { budgets: [] } } = given;
  let inFlight = 0;
  let isKilled = false;
  const clock = createFakeClock(given.startMs, () => inFlight > 0);
  const smtp = await startMicrosoftSmtp({ tls, isGood: () => true });
  const graph = await startGraphServer(given.server);
  const log = createEventLog({ clock, levels: { SmtpSend: "Expert" } });
  const events: EventRecord[] = [];
  log.subscribe((record) => events.push(record));
  const spool = createMemorySpool({ clock });
  const store: BudgetStore = {
    read: () => Promise.resolve(disk.budgets),
    write: (next) => Promise.resolve(isKilled ? undefined : void (disk.budgets = next)),
  };
  const budgets = await openSendBudgets({ store, clock, events: log });
  const left: number[] = [];
  const counted: CarrierBudgets = {
    all: {
      ...budgets,
      ask: (user, mailbox, turn) =>
        budgets.ask(user, mailbox, {
          ...turn,
          begin(unreached) {
            inFlight++;
            left.push(clock.now());
            turn.begin((recipients) => {
              inFlight--;
              unreached(recipients);
            });
          },
        }),
    },
    turnTakerOf: ({ message: { origin } }) => turnTaker([], origin),
  };
  const common = { oauth, senderMailboxes: { "*": "relay@contoso.test" }, ...limits };
  const ports = { ...createSystemPorts(), clock, random: () => 0.5 };
  const scheduler = createScheduler({
    spool,
    settings: schedulerSettings(
      graphConnector(graph.url, {
        name: "Graph",
        addressSpaces: [{ domain: "graph.test", subdomains: false, cost: 1 }],
        ...common,
      }),
      smartHostConnector(smtp.port, {
        name: "Microsoft 365",
        addressSpaces: [{ domain: "", subdomains: true, cost: 1 }],
        requireTls: true,
        smartHostAuthMechanism: "XOAUTH2",
        preset: "microsoft365",
        maxConcurrentConnections: 3,
        ...common,
      }),
    ),
    ports: { clock, random: () => 0.5 },
    events: log,
    carrierFor: (connector) =>
      connector.kind === "graph"
        ? createGraphCarrier({
            connector,
            ports,
            events: log,
            http: createHttpRequest({ clock, dns: { addresses: () => Promise.resolve(["127.0.0.1"]) } }),
            tokens,
            atOnce: createMailboxTurns(),
            budgets: counted,
          })
        : createSmtpCarrier({
            connector: connector as SmtpSendConnector,
            nextHop: (connector as SmtpSendConnector).smartHosts,
            ports,
            events: log,
            tokens,
            budgets: counted,
          }),
  });
  scheduler.start();
  const stop = (): Promise<unknown> => Promise.all([scheduler.stop(0), clock.advance(2000)]);
  closing.push(
    () => smtp.close(),
    () => graph.close(),
    stop,
  );
  return {
    clock,
    graph,
    smtp,
    budgets,
    events,
    left,
    waitsForTurn: () => scheduler.snapshot().map(({ waitsForTurn }) => waitsForTurn),
    async kill() {
      isKilled = true;
      await stop();
    },
    async submit(messages, to = "someone@graph.test", recipients = 1) {
      for (let n = 0; n < messages; n++) {
        const draft = spool.begin();
        draft.write(Buffer.from("From: app@contoso.test\r\nSubject: x\r\n\r\nbody\r\n"));
        await spool.accept(
          draft,
          {
            reversePath: "app@contoso.test",
            recipients: Array.from({ length: recipients }, (_, index) => ({
              forwardPath: index === 0 ? to : `r${index}.${to}`,
            })),
            body: "7BIT",
            smtpUtf8: false,
          },
          { connector: "AppRelay", sourceAddress: "erp", helloName: "a.test", sessionId: "1" },
          { dotLines: 0, eightBit: false, endsWithCrlf: true },
        );
      }
    },
  };
}
const mostInAMinute = (left: readonly number[]): number =>
  Math.max(0, ...left.map((at) => left.filter((one) => one >= at && one < at + minute).length));

test("Graph and SMTP of a tenant share the pace and the day of a mailbox", async () => {
  const t = await tenant({ mailboxMessageRateLimit: 30, mailboxRecipientRateLimit: 70 });
  await t.submit(30);
  await t.submit(30, "someone@other.test");
  const began = t.clock.now();
  await t.clock.advance(10_000);
  const [usage] = t.budgets.usage();
  expect(usage).toMatchObject({
    connectors: ["Graph", "Microsoft 365"],
    mailbox: "relay@contoso.test",
    limits: { messagesPerMinute: 30, recipientsPerDay: 70 },
  });
  const forecastMs = (usage?.emptyAt ?? 0) - began;
  await t.clock.advance(3 * minute);
  expect([t.graph.messages.length, t.smtp.messages.length]).toEqual([30, 30]);
  expect(mostInAMinute(t.left)).toBeLessThanOrEqual(30);
  expect(Math.abs(forecastMs - ((t.left.at(-1) ?? 0) - began)) / forecastMs).toBeLessThan(0.1);
  // Of the day ten are left, whoever takes them.
  await t.submit(8);
  await t.submit(8, "someone@other.test");
  await t.clock.advance(2 * minute);
  expect(t.graph.messages.length + t.smtp.messages.length).toBe(70);
  expect(t.events.filter(({ name }) => name.startsWith("SendBudget")).map(({ name }) => name)).toEqual([
    "SendBudgetNearlySpent",
    "SendBudgetSpent",
  ]);
  expect(t.waitsForTurn().join()).toContain("70 recipients a day");
  await t.clock.advance(25 * hour);
  // Those who waited for a day were told of the delay meanwhile.
  const carried = t.smtp.messages.filter(({ reversePath }) => reversePath !== "");
  expect(t.graph.messages.length + carried.length).toBe(76);
  expect(t.events.filter(({ name }) => name === "DeliveryDeferred" || name === "DeliveryFailed")).toEqual([]);
});

test("a Retry-After holds the mailbox, takes nothing off its day, and counts as no attempt", async () => {
  let refused = 0;
  const t = await tenant(
    { mailboxMessageRateLimit: 30, mailboxRecipientRateLimit: 1000 },
    {
      server: {
        answer: () => (refused++ === 3 ? { status: 429, headers: { "Retry-After": "120" } } : undefined),
      },
    },
  );
  await t.submit(10);
  await t.clock.advance(20_000);
  const asked = t.graph.requests;
  expect(t.graph.messages).toHaveLength(3);
  await t.clock.advance(90_000);
  expect(t.graph.requests).toBe(asked);
  expect(t.budgets.usage()[0]?.recipientsUsed).toBe(3);
  await t.clock.advance(2 * minute);
  expect(t.graph.messages).toHaveLength(10);
  expect(t.budgets.usage()[0]?.recipientsUsed).toBe(10);
});

test("killed in the middle of a day, it sends no more than the rest of it; also under a clock set back", async () => {
  const disk = { budgets: [] as readonly StoredBudget[] };
  const limits = { mailboxMessageRateLimit: 1000, mailboxRecipientRateLimit: 200 };
  const first = await tenant(limits, { disk });
  await first.submit(60, undefined, 2);
  await first.clock.advance(5 * minute);
  expect(first.graph.messages).toHaveLength(60);
  await first.kill();
  const sent = first.graph.messages.reduce((sum, { deliveredTo }) => sum + deliveredTo.length, 0);
  expect(sent).toBe(120);
  // Two hours earlier than it was.
  const second = await tenant(limits, { disk, startMs: first.clock.now() - 2 * hour });
  const used = second.budgets.usage()[0]?.recipientsUsed ?? 0;
  expect(used).toBeGreaterThanOrEqual(sent);
  expect(used).toBeLessThanOrEqual(sent + 4);
  await second.submit(60, undefined, 2);
  await second.clock.advance(5 * minute);
  const more = second.graph.messages.reduce((sum, { deliveredTo }) => sum + deliveredTo.length, 0);
  expect(sent + more).toBeLessThanOrEqual(200);
  expect(sent + more).toBeGreaterThanOrEqual(194);
});

test("connectors of Graph have limits of their own, too", async () => {
  const t = await tenant({ messageRateLimit: 20 });
  await t.submit(30);
  await t.submit(30, "someone@other.test");
  await t.clock.advance(minute);
  expect(t.graph.messages.length).toBeLessThanOrEqual(20);
  expect(t.graph.messages.length).toBeGreaterThanOrEqual(18);
  expect(t.budgets.usage()).toMatchObject([
    { connectors: ["Microsoft 365"], mailbox: undefined },
    { connectors: ["Graph"], mailbox: undefined },
  ]);
});
