/** Claims that wait for their turn by a budget: what they are told as, and what each turned out to use. */
import { beforeEach, describe, expect, test } from "vitest";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { smartHostConnector } from "../../testing/test-settings.ts";
import { testClaim } from "../../testing/test-claim.ts";
import type { BudgetUsage, BudgetUser, SendBudgets } from "../budget/send-budgets.ts";
import { SendBudget } from "../budget/send-budget.ts";
import type { Turn } from "../budget/send-turns.ts";
import { createCarriedTurns, type CarriedTurns, type CountedConnector } from "./carried-turns.ts";
import type { AttemptResult, RecipientOutcome } from "./delivery.ts";
import { answered, ok, refused } from "../../testing/scripted-delivery.ts";

let clock: FakeClock;
let users: BudgetUser[];
let asked: Omit<Turn, "needs" | "owner">[];
let usage: BudgetUsage[];
let did: string[];

beforeEach(() => {
  clock = createFakeClock(0);
  [users, asked, usage, did] = [[], [], [], []];
});

/** Budgets that let nothing begin by themselves. */
const budgets = (): SendBudgets => ({
  join(user) {
    users.push(user);
    return () => void did.push("left");
  },
  ask: (_, mailbox, turn) => void (did.push(`asked for ${mailbox}`), asked.push(turn)),
  dismiss(_, end, id) {
    const leaving = asked.filter((turn) => id === undefined || turn.id === id);
    asked = asked.filter((turn) => !leaving.includes(turn));
    for (const turn of leaving) end(turn as Turn);
  },
  gone: (id) => void did.push(`gone ${id}`),
  retryNow: () => void did.push("retryNow"),
  usage: (connector) => (connector === "Out" ? usage : []),
  close: () => Promise.resolve(),
});

function turnsOf(given: Partial<CountedConnector> = {}): CarriedTurns {
  const turns = createCarriedTurns(
    smartHostConnector(25, { messageRateLimit: 30, ...given }),
    "smtp.contoso.test",
    clock,
    { all: budgets(), turnTakerOf: () => ({ application: "erp", weight: 4 }) },
  );
  if (turns === undefined) throw new Error("nothing is counted");
  return turns;
}
const begin = (at: number, unreached: (recipients: number) => void = () => undefined): void => {
  const turn = asked[at];
  asked = asked.filter((one) => one !== turn);
  turn?.begin(unreached);
};

describe("who counts", () => {
  const grant = { kind: "clientCredentials", clientId: "c" } as const;
  test.each<[string, Partial<CountedConnector>, string]>([
    ["the next hop", {}, "smtp.contoso.test"],
    [
      "who gives the tokens, however the mail is handed in",
      { oauth: { tokenEndpoint: "https://login.test:8443/t", scope: "", grant, shown: {} } as never },
      "login.test:8443",
    ],
  ])("is %s", (_, given, account) => {
    turnsOf(given);
    expect(users).toMatchObject([{ connector: "Out", account, perMailbox: undefined }]);
    expect(users[0]?.perConnector?.messagesPerMinute).toBe(30);
  });

  test("is nobody where nothing is limited", () => {
    const all = { all: budgets(), turnTakerOf: () => ({ application: "", weight: 1 }) };
    expect(createCarriedTurns(smartHostConnector(25), "mx", clock, all)).toBeUndefined();
    expect(
      createCarriedTurns(smartHostConnector(25, { messageRateLimit: 1 }), "mx", clock, undefined),
    ).toBeUndefined();
  });
});

describe("a claim", () => {
  const claim = testClaim({ recipients: ["a@b.test", "b@b.test", "c@b.test"] });

  test("is carried when it is its turn, and counts as waiting until then", async () => {
    const turns = turnsOf();
    const result = turns.carry(claim, "a@contoso.test", () => Promise.resolve(answered(claim, ok)));
    expect([turns.size, did]).toEqual([1, ["asked for a@contoso.test"]]);
    expect(asked).toMatchObject([{ id: claim.message.id, recipients: 3, application: "erp", weight: 4 }]);
    begin(0);
    expect(turns.size).toBe(0);
    expect(await result).toMatchObject({ kind: "attempted" });
  });

  const outcome = (kind: "delivered" | "transient" | "permanent", index: number, more: object = {}) =>
    ({ kind, index, verdict: ok(0).verdict, dsnRelayed: false, ...more }) as RecipientOutcome;
  test.each<[string, AttemptResult, number]>([
    ["all were taken", answered(claim, ok), 0],
    ["nobody was reached", refused, 3],
    [
      "one was taken, one refused, and of one nobody knows",
      {
        kind: "attempted",
        host: "mx",
        outcomes: [
          outcome("delivered", 0),
          outcome("permanent", 1),
          outcome("transient", 2, { unconfirmed: true }),
        ],
      },
      1,
    ],
    [
      "two were put off",
      {
        kind: "attempted",
        host: "mx",
        outcomes: [outcome("delivered", 0), outcome("transient", 1), outcome("transient", 2)],
      },
      2,
    ],
  ])("takes back recipients that it did not reach: %s", async (_, result, expected) => {
    const carried = turnsOf().carry(claim, "a", () => Promise.resolve(result));
    let unreached = -1;
    begin(0, (count) => (unreached = count));
    await carried;
    expect(unreached).toBe(expected);
  });

  const mailboxBudget = new SendBudget({ account: "a", mailbox: "a@contoso.test" }, new Map());
  const connectorBudget = new SendBudget({ connector: "Out" }, new Map());
  test.each<[SendBudget, number, "pace" | "day", string]>([
    [mailboxBudget, 30, "pace", "waits for its turn: a@contoso.test sends 30 messages a minute"],
    [connectorBudget, 30, "pace", "waits for its turn: send connector Out sends 30 messages a minute"],
    [connectorBudget, Infinity, "pace", "waits for its turn"],
    [mailboxBudget, 30, "day", "waits: a@contoso.test has used its 100 recipients of 24 hours"],
  ])("%# that is put off waits, with a reason", async (budget, messagesPerMinute, by, words) => {
    const result = turnsOf().carry(claim, "a", () => Promise.reject(new Error("it was carried")));
    asked[0]?.putOff(5_000, { budget, limits: { messagesPerMinute, recipientsPerDay: 100 } }, by);
    expect(await result).toEqual({
      kind: "throttled",
      host: "smtp.contoso.test",
      verdict: { status: "4.3.2", text: `451 4.3.2 ${words}`, fromPeer: false },
      retryAfterMs: 5_000,
      ...(by === "day" ? { spent: true } : {}),
    });
  });

  test("goes back alone when somebody wants it, and all when the carrier is closed", async () => {
    const turns = turnsOf();
    const [one, other] = [claim, testClaim()].map((each) =>
      turns.carry(each, "a", () => Promise.reject(new Error("it was carried"))),
    );
    expect([turns.recall(claim.message.id), turns.recall(claim.message.id), turns.size]).toEqual([
      true,
      false,
      1,
    ]);
    expect(await one).toEqual({ kind: "aborted" });
    turns.close();
    expect(await other).toEqual({ kind: "aborted" });
    expect(did.at(-1)).toBe("left");
    expect(await turns.carry(claim, "a", () => Promise.resolve(refused))).toEqual({ kind: "aborted" });
    expect(asked).toEqual([]);
  });

  test("that finds the next hop away takes those with it that wait, unless others are on their way", async () => {
    const turns = turnsOf();
    let answer: (result: AttemptResult) => void = () => undefined;
    const slow = turns.carry(testClaim(), "a", () => new Promise((resolve) => (answer = resolve)));
    const first = turns.carry(testClaim(), "a", () => Promise.resolve(refused));
    const waiting = turns.carry(testClaim(), "a", () => Promise.reject(new Error("it was carried")));
    begin(0);
    begin(0);
    expect(await first).toBe(refused);
    expect(turns.size).toBe(1);
    answer(refused);
    expect(await slow).toBe(refused);
    expect(await waiting).toBe(refused);
    expect(turns.size).toBe(0);
  });

  test("that fails by a fault of ours is no more under way", async () => {
    const turns = turnsOf();
    const failing = turns.carry(claim, "a", () => Promise.reject(new Error("a fault")));
    const last = turns.carry(testClaim(), "a", () => Promise.resolve(refused));
    const waiting = turns.carry(testClaim(), "a", () => Promise.resolve(answered(claim, ok)));
    begin(0);
    await expect(failing).rejects.toThrow("a fault");
    begin(0);
    expect([await last, await waiting]).toEqual([refused, refused]);
  });

  test("is passed on that is gone, or to be tried now", () => {
    const turns = turnsOf();
    turns.gone(7);
    turns.retryNow();
    expect(did).toEqual(["gone 7", "retryNow"]);
  });
});

describe("what waits, for people", () => {
  const one = (more: Partial<BudgetUsage> = {}): BudgetUsage => ({
    connectors: ["Out"],
    mailbox: "a@contoso.test",
    limits: { messagesPerMinute: 30, recipientsPerDay: 10_000 },
    recipientsUsed: 0,
    freesAt: undefined,
    usedUpAt: undefined,
    waitingMessages: 2,
    waitingRecipients: 2,
    emptyAt: 60_000,
    ...more,
  });
  const limits = "30 messages a minute, 10000 recipients a day";

  test.each<[string, BudgetUsage[], string | undefined, number | undefined]>([
    ["nothing", [], undefined, undefined],
    ["nothing that waits", [one({ waitingMessages: 0 })], undefined, undefined],
    ["nothing that is slowed", [one({ emptyAt: undefined })], undefined, 0],
    [
      "one message",
      [one({ waitingMessages: 1 })],
      `1 message of a@contoso.test waits for its turn (${limits}), until 1970-01-01T00:01:00.000Z`,
      60_000,
    ],
    [
      "several, of those that take longest",
      [one(), one({ mailbox: "b@contoso.test", emptyAt: 120_000 }), one({ emptyAt: 90_000 })],
      `2 messages of b@contoso.test wait for their turn (${limits}), the last until 1970-01-01T00:02:00.000Z`,
      120_000,
    ],
    [
      "a connector's own, for longer than anybody can tell",
      [
        one({
          mailbox: undefined,
          connectors: ["Out", "Two"],
          limits: { messagesPerMinute: Infinity, recipientsPerDay: 5 },
          emptyAt: Infinity,
        }),
      ],
      "2 messages of send connector Out, Two wait for their turn (5 recipients a day), the last for more than 30 days",
      Infinity,
    ],
    [
      "of which only the pace is limited",
      [one({ limits: { messagesPerMinute: 5, recipientsPerDay: Infinity } })],
      "2 messages of a@contoso.test wait for their turn (5 messages a minute), the last until 1970-01-01T00:01:00.000Z",
      60_000,
    ],
  ])("%s", (_, used, text, emptyAt) => {
    usage = used;
    const turns = turnsOf();
    expect([turns.text, turns.emptyAt]).toEqual([text, emptyAt]);
  });
});
