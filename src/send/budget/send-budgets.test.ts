import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Events } from "../../events/events.ts";
import { createFakeClock, type FakeClock } from "../../testing/fake-clock.ts";
import { budgetFile, type BudgetStore, type StoredBudget } from "./budget-file.ts";
import { openSendBudgets, type BudgetUser, type SendBudgets } from "./send-budgets.ts";

const hour = 3_600_000;
const day = 24 * hour;

interface Disk extends BudgetStore {
  stored: readonly StoredBudget[];
  writes: number;
  fails: boolean;
}
const newDisk = (): Disk => {
  const disk: Disk = {
    stored: [],
    writes: 0,
    fails: false,
    read: () => Promise.resolve(disk.stored),
    write(next) {
      if (disk.fails) return Promise.reject(new Error("no space"));
      disk.writes++;
      disk.stored = structuredClone(next);
      return Promise.resolve();
    },
  };
  return disk;
};

interface Opened {
  readonly clock: FakeClock;
  readonly budgets: SendBudgets;
  readonly disk: Disk;
  readonly told: string[];
  readonly fields: object[];
  /** Asks for so many turns; `out` gets what each came to. */
  readonly ask: (user: BudgetUser, turns: number, recipients?: number, mailbox?: string) => void;
  readonly out: string[];
  /** What takes back the recipients of each that began. */
  readonly takeBack: ((recipients: number) => void)[];
}
let lastId = 0;

async function open(disk = newDisk(), clock = createFakeClock(), most?: number): Promise<Opened> {
  const told: string[] = [];
  const fields: object[] = [];
  const events: Events = {
    wants: () => true,
    emit: (name, given) => void (told.push(name), fields.push(given)),
  };
  const budgets = await openSendBudgets({
    store: disk,
    clock,
    events,
    ...(most === undefined ? {} : { most }),
  });
  const out: string[] = [];
  const takeBack: ((recipients: number) => void)[] = [];
  return {
    clock,
    budgets,
    disk,
    told,
    fields,
    out,
    takeBack,
    ask(user, turns, recipients = 1, mailbox = "a@contoso.test") {
      for (let n = 0; n < turns; n++)
        budgets.ask(user, mailbox, {
          claim: {},
          id: ++lastId,
          arrivedAt: clock.now(),
          recipients,
          weight: 1,
          application: "app",
          begin: (unreached) => void (out.push("began"), takeBack.push(unreached)),
          putOff: (afterMs, _need, by) => void out.push(`${by} ${Math.round(afterMs / 60_000)} min`),
        });
    },
  };
}
const user = (given: Partial<BudgetUser> = {}): BudgetUser => ({
  connector: "Out",
  account: "login.test",
  perConnector: undefined,
  perMailbox: { messagesPerMinute: Infinity, recipientsPerDay: 100 },
  ...given,
});
const began = ({ out }: Opened): number => out.filter((one) => one === "began").length;

describe("a day's recipients", () => {
  it("are told at 80 percent and when they are used up; then the mail waits until some are free", async () => {
    const o = await open();
    const one = user();
    o.budgets.join(one);
    o.ask(one, 79);
    await o.clock.settle();
    expect(o.told).toEqual([]);
    o.ask(one, 1);
    await o.clock.settle();
    expect(o.told).toEqual(["SendBudgetNearlySpent"]);
    o.ask(one, 22);
    await o.clock.settle();
    expect(began(o)).toBe(100);
    expect(o.out.slice(100)).toEqual(["day 1455 min", "day 1455 min"]);
    expect(o.told).toEqual(["SendBudgetNearlySpent", "SendBudgetSpent"]);
    expect(o.budgets.usage()).toMatchObject([
      {
        mailbox: "a@contoso.test",
        recipientsUsed: 100,
        freesAt: o.clock.now() + day + hour / 4,
        waitingMessages: 2,
      },
    ]);
    await o.clock.advance(day + hour / 4);
    o.ask(one, 2);
    await o.clock.settle();
    expect(began(o)).toBe(102);
  });

  it("are those that were reached", async () => {
    const o = await open();
    const one = user();
    o.budgets.join(one);
    o.ask(one, 1, 60);
    await o.clock.settle();
    o.takeBack[0]?.(50);
    expect(o.budgets.usage()[0]?.recipientsUsed).toBe(10);
  });

  it("are shared by connectors that log on as the same mailbox, and by no others", async () => {
    const o = await open();
    const [one, two] = [user(), user({ connector: "Two" })];
    const elsewhere = user({ connector: "Three", account: "smtp.other.test" });
    for (const each of [one, two, elsewhere]) o.budgets.join(each);
    o.ask(one, 1, 70);
    o.ask(two, 1, 40, "A@Contoso.test");
    o.ask(two, 1, 40, "b@contoso.test");
    o.ask(elsewhere, 1, 40);
    await o.clock.settle();
    expect(began(o)).toBe(3);
    expect(o.budgets.usage("Two").map(({ mailbox, recipientsUsed }) => [mailbox, recipientsUsed])).toEqual([
      ["a@contoso.test", 70],
      ["b@contoso.test", 40],
    ]);
  });

  it("are counted by connector and by mailbox at once", async () => {
    const o = await open();
    const one = user({ perConnector: { messagesPerMinute: Infinity, recipientsPerDay: 120 } });
    o.budgets.join(one);
    o.ask(one, 1, 90, "a@contoso.test");
    o.ask(one, 1, 90, "b@contoso.test");
    await o.clock.settle();
    expect(o.out).toEqual(["began", "day 1455 min"]);
  });
});

describe("what is told of a day", () => {
  const perDay = { messagesPerMinute: Infinity, recipientsPerDay: 100 };

  it("names who, how much and of what", async () => {
    const o = await open();
    const one = user({ perConnector: perDay, perMailbox: undefined });
    o.budgets.join(one);
    o.ask(one, 1, 87);
    await o.clock.settle();
    o.ask(one, 1, 20);
    await o.clock.settle();
    expect(o.fields).toEqual([
      { who: "send connector Out", used: 87, limit: 100, percent: 87 },
      { who: "send connector Out", used: 87, limit: 100 },
    ]);
  });

  it("is told anew only when it was below seventy percent meanwhile", async () => {
    const o = await open();
    const one = user({ perMailbox: perDay });
    o.budgets.join(one);
    const sendAndWait = async (recipients: number, ms: number): Promise<void> => {
      o.ask(one, 1, recipients);
      await o.clock.settle();
      await o.clock.advance(ms);
    };
    await sendAndWait(12, hour);
    await sendAndWait(70, day - hour + hour / 2);
    expect(o.told).toEqual(["SendBudgetNearlySpent"]);
    // 70 are left of them: that was not below.
    await sendAndWait(12, hour);
    expect(o.told).toEqual(["SendBudgetNearlySpent"]);
    // 12 are.
    await sendAndWait(1, hour);
    await sendAndWait(70, 0);
    expect(o.told).toEqual(["SendBudgetNearlySpent", "SendBudgetNearlySpent"]);
  });
});

describe("budgets", () => {
  it("have the narrowest limit of the connectors that count by them, as long as these do", async () => {
    const o = await open();
    const wide = user({ perMailbox: { messagesPerMinute: 30, recipientsPerDay: 100 } });
    const narrow = user({
      connector: "Two",
      perMailbox: { messagesPerMinute: 60, recipientsPerDay: 50 },
    });
    o.budgets.join(wide);
    const leave = o.budgets.join(narrow);
    o.ask(wide, 1);
    await o.clock.settle();
    const shown = () => o.budgets.usage().map(({ connectors, limits }) => [connectors, limits]);
    expect(shown()).toEqual([[["Out", "Two"], { messagesPerMinute: 30, recipientsPerDay: 50 }]]);
    leave();
    expect(shown()).toEqual([[["Out"], { messagesPerMinute: 30, recipientsPerDay: 100 }]]);
  });

  it("of a connector are seen before its first message, and alone where one is asked for", async () => {
    const o = await open();
    const perConnector = { messagesPerMinute: 30, recipientsPerDay: 100 };
    o.budgets.join(user({ perConnector, perMailbox: undefined }));
    o.budgets.join(user({ connector: "Two", perConnector, perMailbox: undefined }));
    expect(o.budgets.usage("Two")).toEqual([
      {
        connectors: ["Two"],
        mailbox: undefined,
        limits: perConnector,
        recipientsUsed: 0,
        freesAt: undefined,
        usedUpAt: undefined,
        waitingMessages: 0,
        waitingRecipients: 0,
        emptyAt: o.clock.now(),
      },
    ]);
    expect(o.budgets.usage().map(({ connectors }) => connectors)).toEqual([["Out"], ["Two"]]);
    expect(o.budgets.usage("Three")).toEqual([]);
  });

  it("show what waits on disk until it is gone", async () => {
    const o = await open();
    const one = user();
    o.budgets.join(one);
    o.ask(one, 1, 100);
    await o.clock.settle();
    o.ask(one, 2, 3);
    await o.clock.settle();
    const waits = () => o.budgets.usage().map((shown) => [shown.waitingMessages, shown.waitingRecipients])[0];
    expect(waits()).toEqual([2, 6]);
    o.budgets.gone(lastId);
    expect(waits()).toEqual([1, 3]);
  });

  it("are so many: one that was not used makes room first", async () => {
    const o = await open(undefined, undefined, 20);
    const one = user({ perMailbox: { messagesPerMinute: 60, recipientsPerDay: Infinity } });
    o.budgets.join(one);
    for (let n = 0; n < 20; n++) o.ask(one, 1, 1, `${n}@contoso.test`);
    o.takeBack[7]?.(1);
    o.ask(one, 1, 1, "new@contoso.test");
    o.ask(one, 1, 1, "newer@contoso.test");
    await o.budgets.close();
    const kept = new Set(o.disk.stored.map(({ mailbox = "" }) => mailbox.replace("@contoso.test", "")));
    expect(kept.size).toBe(20);
    expect(["0", "1", "7", "new", "newer"].filter((name) => !kept.has(name))).toEqual(["0", "7"]);
  });
});

describe("over a restart", () => {
  it("a clean stop leaves what was used", async () => {
    const o = await open();
    const one = user();
    o.budgets.join(one);
    o.ask(one, 7);
    await o.clock.settle();
    await o.budgets.close();
    const next = await open(o.disk, o.clock);
    next.budgets.join(one);
    expect(next.budgets.usage()).toMatchObject([{ recipientsUsed: 7 }]);
  });

  it("a crash at any moment counts none too few, and a hundredth of the day too many at most", async () => {
    const disk = newDisk();
    const o = await open(disk);
    const one = user({ perMailbox: { messagesPerMinute: Infinity, recipientsPerDay: 1000 } });
    o.budgets.join(one);
    for (let sent = 1; sent <= 60; sent++) {
      o.ask(one, 1);
      await o.clock.advance(60_000);
      const after = await open(
        { ...disk, read: () => Promise.resolve(structuredClone(disk.stored)) },
        o.clock,
      );
      after.budgets.join(one);
      const used = after.budgets.usage()[0]?.recipientsUsed ?? 0;
      expect(used).toBeGreaterThanOrEqual(began(o));
      expect(used).toBeLessThanOrEqual(began(o) + 11);
    }
    // Written ahead, not for each message.
    expect(disk.writes).toBeLessThan(15);
  });

  it("what the disk does not take is sent all the same, and told", async () => {
    const o = await open();
    o.disk.fails = true;
    const one = user();
    o.budgets.join(one);
    o.ask(one, 3);
    await o.clock.settle();
    expect(began(o)).toBe(3);
    expect(o.told).toEqual(["RelayFault"]);
    o.disk.fails = false;
    await o.clock.advance(59_999);
    o.ask(one, 1);
    await o.clock.settle();
    expect(o.disk.writes).toBe(0);
    await o.clock.advance(1);
    o.ask(one, 1);
    await o.clock.settle();
    expect([began(o), o.disk.writes, o.told]).toEqual([5, 1, ["RelayFault"]]);
  });

  it.each([
    [250, 4],
    [1_000_000, 1_001],
  ])("of %d a day a hundredth is written ahead, a thousand at most", async (recipientsPerDay, written) => {
    const o = await open();
    const one = user({ perMailbox: { messagesPerMinute: Infinity, recipientsPerDay } });
    o.budgets.join(one);
    o.ask(one, 1);
    await o.clock.settle();
    expect(
      o.disk.stored.flatMap(({ day: quarters }) => quarters.map(([, recipients]) => recipients)),
    ).toEqual([written]);
  });

  it("a stop waits for what is being written, and writes the exact numbers behind it", async () => {
    const disk = newDisk();
    const write = disk.write.bind(disk);
    const releases: (() => void)[] = [];
    disk.write = async (next) => {
      await new Promise<void>((resolve) => releases.push(resolve));
      await write(next);
    };
    const o = await open(disk);
    const one = user();
    o.budgets.join(one);
    o.ask(one, 1);
    const closed = o.budgets.close();
    await o.clock.settle();
    expect(releases).toHaveLength(1);
    releases[0]?.();
    await o.clock.settle();
    releases[1]?.();
    await closed;
    expect([began(o), disk.stored[0]?.day.map(([, recipients]) => recipients)]).toEqual([1, [1]]);
  });
});

describe("the file", () => {
  const directories: string[] = [];
  afterEach(async () => {
    for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
  });
  const inDirectory = async (): Promise<string> => {
    const directory = await mkdtemp(join(tmpdir(), "weir-budgets-"));
    directories.push(directory);
    return join(directory, "send-budgets.json");
  };

  it("gives back what was written, and nothing where there is none", async () => {
    const file = await inDirectory();
    expect(await budgetFile(file).read()).toEqual([]);
    const stored = [{ account: "login.test", mailbox: "a@contoso.test", day: [[900_000, 5] as const] }];
    await budgetFile(file).write(stored);
    expect(await budgetFile(file).read()).toEqual(stored);
    expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ version: 1 });
  });

  it("keeps whose each is: a connector's, or a mailbox of an account; and counts of nothing", async () => {
    const file = await inDirectory();
    const budgets = [
      { connector: "Out", day: [] },
      { account: "login.test", mailbox: "a@contoso.test", day: [[0, 0] as const, [900_000, 5] as const] },
    ];
    await budgetFile(file).write(budgets);
    expect(await budgetFile(file).read()).toEqual(budgets);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it("that cannot be read says so", async () => {
    const file = await inDirectory();
    await mkdir(file);
    await expect(budgetFile(file).read()).rejects.toThrow("EISDIR");
  });

  const withDay = (counts: string): string => `{"version":1,"budgets":[{"day":${counts}}]}`;
  it.each([
    "",
    "{",
    "[]",
    "null",
    '{"version":2,"budgets":[]}',
    '{"version":1,"budgets":{}}',
    '{"version":1,"budgets":[null]}',
    '{"version":1,"budgets":[[]]}',
    '{"version":1,"budgets":[{"mailbox":"a@contoso.test"}]}',
    '{"version":1,"budgets":[{"connector":1,"day":[]}]}',
    '{"version":1,"budgets":[{"account":null,"day":[]}]}',
    '{"version":1,"budgets":[{"mailbox":true,"day":[]}]}',
    withDay("[[0,-1]]"),
    withDay("[[-900000,1]]"),
    withDay("[[0,1.5]]"),
    withDay('[["0",1]]'),
    withDay("[[0]]"),
    withDay("[0]"),
    withDay('[{"0":0,"1":1}]'),
  ])("that holds %j is told, and counts as empty", async (text) => {
    const file = await inDirectory();
    await writeFile(file, text);
    const told: string[] = [];
    const events: Events = { wants: () => true, emit: (name) => void told.push(name) };
    const budgets = await openSendBudgets({ store: budgetFile(file), clock: createFakeClock(), events });
    expect(budgets.usage()).toEqual([]);
    expect(told).toEqual(["SendBudgetsUnreadable"]);
  });
});
