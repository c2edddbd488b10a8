/**
 * A burst of three applications to a service like Microsoft's, at thirty messages a minute and three connections of a
 * mailbox: the real scheduler and SMTP client, under a clock that waits for the wire.
 */
import { afterEach, beforeAll, expect, test } from "vitest";
import { turnTaker, type Application } from "../../core/policy/application.ts";
import type { MessageId } from "../../core/message/envelope.ts";
import type { OAuthSettings } from "../../core/policy/oauth-settings.ts";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import { createEventLog } from "../../events/event-log.ts";
import { createSystemPorts } from "../../ports/system-ports.ts";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { createMemorySpool } from "../../testing/memory-spool.ts";
import { startMicrosoftSmtp, type SubmissionServer } from "../../testing/microsoft-smtp.ts";
import { schedulerSettings } from "../../testing/scheduler-settings.ts";
import { testCertificate } from "../../testing/test-certificate.ts";
import { smartHostConnector } from "../../testing/test-settings.ts";
import type { Carrier } from "../delivery/delivery.ts";
import { createScheduler } from "../delivery/scheduler.ts";
import type { Scheduler } from "../delivery/scheduler-contract.ts";
import { createSmtpCarrier } from "../delivery/smtp/smtp-carrier.ts";
import { TokenFailure, type Token, type TokenSource } from "../oauth/token-source.ts";
import type { BudgetStore, StoredBudget } from "./budget-file.ts";
import { openSendBudgets, type SendBudgets } from "./send-budgets.ts";

let tls: { key: string; cert: string };
beforeAll(async () => {
  tls = await testCertificate("smtp.office365.test");
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
let authorityIsAway = false;
const tokens: TokenSource = {
  perMailbox: false,
  token: () => (authorityIsAway ? Promise.reject(new TokenFailure("away", 40_000)) : Promise.resolve(token)),
  known: () => token,
  drop: () => undefined,
  retryNow: () => undefined,
};

interface Paced {
  readonly clock: FakeClock;
  readonly smtp: SubmissionServer;
  readonly scheduler: Scheduler;
  readonly budgets: SendBudgets;
  /** Whose it was, and when. */
  readonly left: { readonly application: string; readonly at: number; readonly mailbox: string }[];
  readonly told: string[];
  readonly submit: (application: string, messages: number, sender?: string) => Promise<MessageId[]>;
}
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close();
});

const minute = 60_000;

async function paced(
  given: Partial<SmtpSendConnector>,
  connectors = 1,
  applications: readonly Application[] = [],
  front: (carrier: Carrier) => Carrier = (carrier) => carrier,
): Promise<Paced> {
  let inFlight = 0;
  const clock = createFakeClock(undefined, () => inFlight > 0);
  const left: Paced["left"] = [];
  const smtp = await startMicrosoftSmtp({ tls, isGood: () => true });
  const events = createEventLog({ clock, levels: { SmtpSend: "Expert" } });
  const told: string[] = [];
  events.subscribe(({ name }) => told.push(name));
  const spool = createMemorySpool({ clock });
  let stored: readonly StoredBudget[] = [];
  const store: BudgetStore = {
    read: () => Promise.resolve(stored),
    write: (next) => Promise.resolve(void (stored = next)),
  };
  const budgets = await openSendBudgets({ store, clock, events });
  const counted: SendBudgets = {
    ...budgets,
    ask: (user, mailbox, turn) =>
      budgets.ask(user, mailbox, {
        ...turn,
        begin(unreached) {
          inFlight++;
          left.push({ application: turn.application, at: clock.now(), mailbox });
          turn.begin((recipients) => {
            inFlight--;
            unreached(recipients);
          });
        },
      }),
  };
  const settings = schedulerSettings(
    ...Array.from({ length: connectors }, (_, n) =>
      smartHostConnector(smtp.port, {
        name: `Out${n}`,
        addressSpaces: [{ domain: connectors === 1 ? "" : `to${n}.test`, subdomains: true, cost: 1 }],
        requireTls: true,
        smartHostAuthMechanism: "XOAUTH2",
        preset: "microsoft365",
        maxConcurrentConnections: 3,
        senderMailboxes: { "*": "relay@contoso.test" },
        oauth,
        ...given,
      }),
    ),
  );
  const scheduler = createScheduler({
    spool,
    settings,
    ports: { clock, random: () => 0.5 },
    events,
    carrierFor: (connector) =>
      front(
        createSmtpCarrier({
          connector: connector as SmtpSendConnector,
          nextHop: (connector as SmtpSendConnector).smartHosts,
          ports: { ...createSystemPorts(), clock, random: () => 0.5 },
          events,
          tokens,
          budgets: {
            all: counted,
            turnTakerOf: ({ message: { origin } }) => turnTaker(applications, origin),
          },
        }),
      ),
  });
  scheduler.start();
  closing.push(async () => {
    await Promise.all([scheduler.stop(0), clock.advance(2000)]);
    await smtp.close();
  });
  return {
    clock,
    smtp,
    scheduler,
    budgets,
    left,
    told,
    async submit(application, messages, to = "someone@to0.test") {
      const ids: MessageId[] = [];
      for (let n = 0; n < messages; n++) {
        const draft = spool.begin();
        draft.write(Buffer.from("Subject: x\r\n\r\nbody\r\n"));
        const { id } = await spool.accept(
          draft,
          {
            reversePath: `${application}@contoso.test`,
            recipients: [{ forwardPath: to }],
            body: "7BIT",
            smtpUtf8: false,
          },
          {
            connector: "AppRelay",
            sourceAddress: application,
            application,
            helloName: "a.test",
            sessionId: "1",
          },
          { dotLines: 0, eightBit: false, endsWithCrlf: true },
        );
        ids.push(id);
      }
      return ids;
    },
  };
}

test("a queue that is suspended delivers none, also none that waits for its turn", async () => {
  const p = await paced({ mailboxMessageRateLimit: 30 });
  await p.submit("erp", 40);
  await p.clock.advance(10_000);
  const { queue } = p.scheduler.snapshot().find(({ connector }) => connector === "Out0") ?? {};
  const gone = p.left.length;
  expect(gone).toBeGreaterThan(2);
  p.scheduler.suspend(queue ?? "", true);
  await p.clock.advance(minute);
  expect(p.left).toHaveLength(gone);
  p.scheduler.suspend(queue ?? "", false);
  await p.clock.advance(3 * minute);
  expect(p.smtp.messages).toHaveLength(40);
  expect(mostInAMinute(p.left)).toBeLessThanOrEqual(30);
});

/** As where senders are rewritten. */
const copying = (carrier: Carrier): Carrier => ({
  ...carrier,
  carry: (claim) => carrier.carry({ ...claim, message: { ...claim.message } }),
});

test.each([
  ["as they came", undefined],
  ["carried as copies", copying],
])("messages that are removed or suspended while they wait do not leave, %s", async (_, front) => {
  const p = await paced({ mailboxMessageRateLimit: 30 }, 1, [], front);
  const ids = await p.submit("erp", 60);
  await p.clock.advance(10_000);
  const { queue = "" } = p.scheduler.snapshot().find(({ connector }) => connector === "Out0") ?? {};
  const gone = p.left.length;
  const waiting = ids.slice(gone);
  // The first of them wait in memory, the last on disk.
  const removed = [...waiting.slice(0, 3), ...waiting.slice(-20)];
  // Fresh mail stands in the submission queue.
  const inEither = (wish: (queue: string) => Promise<string>) => Promise.all([queue, ""].map(wish));
  for (const id of removed)
    expect(await inEither((each) => p.scheduler.removeMessage(each, id, false))).toContain("done");
  const [, , , kept = 0] = waiting;
  expect(await inEither((each) => p.scheduler.suspendMessage(each, kept, true))).toContain("done");
  await p.clock.advance(1_000);
  const left = 60 - removed.length - 1;
  expect(p.budgets.usage()[0]).toMatchObject({ waitingMessages: left - p.left.length });
  await p.clock.advance(3 * minute);
  expect(p.smtp.messages).toHaveLength(left);
});

const mostInAMinute = (left: Paced["left"]): number =>
  Math.max(0, ...left.map(({ at }) => left.filter((one) => one.at >= at && one.at < at + minute).length));
const share = (left: Paced["left"], application: string): number =>
  left.filter((one) => one.application === application).length;

test("leaves at the provider's pace, evenly, fair between applications, as was forecast", async () => {
  const p = await paced({ mailboxMessageRateLimit: 30, mailboxRecipientRateLimit: 10_000 });
  await p.submit("erp", 180);
  await p.submit("helpdesk", 20);
  await p.submit("payroll", 20);
  const began = p.clock.now();
  await p.clock.advance(minute);
  const [usage] = p.budgets.usage();
  const forecastMs = (usage?.emptyAt ?? 0) - began;
  expect(usage).toMatchObject({ mailbox: "relay@contoso.test", waitingMessages: 220 - p.left.length });
  expect(p.scheduler.snapshot().find(({ connector }) => connector === "Out0")?.emptyAt).toBe(usage?.emptyAt);
  for (const application of ["erp", "helpdesk", "payroll"])
    expect(Math.abs(share(p.left, application) - p.left.length / 3)).toBeLessThan(5);

  await p.clock.advance(2 * minute);
  expect(share(p.left, "helpdesk")).toBe(20);
  // In the middle of the ERP system's burst somebody writes to the helpdesk.
  await p.submit("helpdesk", 1);
  await p.clock.advance(5000);
  expect(share(p.left, "helpdesk")).toBe(21);

  await p.clock.advance(8 * minute);
  expect(p.smtp.messages).toHaveLength(221);
  const tookMs = (p.left.at(-1)?.at ?? 0) - began;
  expect(Math.abs(forecastMs - tookMs) / tookMs).toBeLessThan(0.1);
  expect(mostInAMinute(p.left)).toBeLessThanOrEqual(30);
  expect(p.smtp.mostAtOnce).toBeLessThanOrEqual(3);
  expect(p.told.filter((name) => name !== "MessageDelivered")).toEqual([]);
  expect(p.budgets.usage()).toMatchObject([{ recipientsUsed: 221, waitingMessages: 0 }]);
});

test("a next hop that is away rests the queue: nobody is tried at the pace, and all goes when it is back", async () => {
  const p = await paced({ mailboxMessageRateLimit: 30 });
  authorityIsAway = true;
  await p.submit("erp", 50);
  await p.clock.advance(1000);
  const status = () => p.scheduler.snapshot().find(({ connector }) => connector === "Out0")?.status;
  expect(status()).toBe("Retry");
  const tried = p.left.length;
  await p.clock.advance(50_000);
  expect(p.left.length - tried).toBeLessThan(5);
  authorityIsAway = false;
  await p.clock.advance(15 * minute);
  expect(status()).toBe("Ready");
  expect(p.told.filter((name) => name === "DeliveryDeferred")).toEqual([]);
  expect(p.smtp.messages).toHaveLength(50);
});

test("two connectors to one mailbox share its pace", async () => {
  const p = await paced({ mailboxMessageRateLimit: 30 }, 2);
  await p.submit("erp", 20, "someone@to0.test");
  await p.submit("erp", 20, "someone@to1.test");
  await p.clock.advance(3 * minute);
  expect(p.smtp.messages).toHaveLength(40);
  expect(mostInAMinute(p.left)).toBeLessThanOrEqual(30);
  expect(p.budgets.usage()).toMatchObject([{ connectors: ["Out0", "Out1"] }]);
});

test("an application's priority gives it more turns, also among what waits on disk", async () => {
  const named = (name: string, priority: Application["priority"]): Application => ({
    name,
    priority,
    addresses: [],
    users: [name],
  });
  const p = await paced({ mailboxMessageRateLimit: 30 }, 1, [named("news", "Low"), named("alarm", "High")]);
  await p.submit("news", 120);
  await p.submit("erp", 60);
  await p.clock.advance(2 * minute);
  expect(share(p.left, "erp") / p.left.length).toBeGreaterThan(0.7);
  expect(share(p.left, "news")).toBeGreaterThan(5);
  const since = p.left.length;
  await p.submit("alarm", 10);
  await p.clock.advance(30_000);
  expect(share(p.left.slice(since), "alarm")).toBe(10);
  await p.clock.advance(6 * minute);
  expect(p.smtp.messages).toHaveLength(190);
});
