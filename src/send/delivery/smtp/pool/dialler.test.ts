/** How many connections are opened at once, and when none is tried. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Ports } from "../../../../ports/ports.ts";
import { createFakeClock, type FakeClock } from "../../../../testing/fake-clock.ts";
import { testClaim } from "../../../../testing/test-claim.ts";
import { smartHostConnector } from "../../../../testing/test-settings.ts";
import { createJob, type Job } from "../job/job.ts";
import { tlsBySettings, type OpeningContext } from "../opening/open-connection.ts";
import { createPeerMemory, type Peer } from "../peer/peer.ts";
import { SmtpClientError } from "../wire/client-error.ts";
import { Dialler, type DiallingPool } from "./dialler.ts";
import { WaitingJobs } from "./waiting-jobs.ts";

let clock: FakeClock;
/** What ends each connection that is being opened. */
let dialled: ((error: Error) => void)[];
let told: [string, object][];

beforeEach(() => {
  clock = createFakeClock();
  dialled = [];
  told = [];
});

const job = (recipients = ["x@contoso.test"]): Job => createJob(testClaim({ recipients }), () => undefined);

function dialling(given: Partial<DiallingPool> = {}, hasPlace = () => true, tls?: OpeningContext["tlsOf"]) {
  const memory = createPeerMemory();
  const host = memory.host({ host: "192.0.2.1", port: 25 });
  const connector = smartHostConnector(25);
  const dial: Ports["dial"] = () => new Promise((_, reject) => dialled.push(reject));
  const context: OpeningContext = {
    connector,
    ports: { clock, random: () => 0, dial, dns: { addresses: (name) => Promise.resolve([name]) } },
    events: { wants: () => true, emit: (name, fields) => void told.push([name, fields]) },
    memory,
    transcript: undefined,
    logOn: undefined,
    signer: undefined,
    tlsOf: tls ?? (() => tlsBySettings(connector, "192.0.2.1")),
    nextSession: () => 1,
  };
  const did: string[] = [];
  const waiting = new WaitingJobs();
  const places = {
    enter: () => hasPlace() && did.push("enter") > 0,
    leave: () => void did.push("leave"),
    proved: () => {},
    withdraw: () => {},
    owes: () => false,
    isWanted: false,
    surplus: 0,
    isSurplus: () => false,
  };
  const pool: DiallingPool = {
    hostsInOrder: () => [host],
    firstDials: 4,
    waiting,
    openPeers: [],
    open: 0,
    get held() {
      return pool.open + dialler.underWay;
    },
    wanted: 0,
    isClosing: false,
    most: 20,
    idleSince: undefined,
    standing: "proven",
    closeLongestIdle: () => {},
    placeFreed: () => {},
    opened: () => void did.push("opened"),
    dialFailed: ({ error }, elsewhere) => void did.push(`failed: ${error?.code} ${String(elsewhere)}`),
    dialEnded: () => void did.push("ended"),
    ...given,
  };
  const dialler: Dialler = new Dialler(pool, context, places);
  return { dialler, waiting, did, peer: memory.peer(host, "192.0.2.1") };
}
const wait = (waiting: WaitingJobs, jobs: number): void => {
  for (let n = 0; n < jobs; n++) waiting.addLast(job());
};

describe("as many are opened as", () => {
  test.each<[string, number, Partial<DiallingPool>, number]>([
    ["wait", 3, {}, 3],
    ["are tried at first", 30, {}, 4],
    ["that hop's first number", 30, { firstDials: 1 }, 1],
    ["twice those that are open", 30, { open: 3 }, 6],
    ["are left of the most", 30, { open: 3, most: 5 }, 2],
    ["none at the most", 30, { open: 5, most: 5 }, 0],
    ["none for nobody", 0, {}, 0],
    ["none when it is closing", 3, { isClosing: true }, 0],
  ])("%s", (_, jobs, given, expected) => {
    const { dialler, waiting } = dialling(given);
    wait(waiting, jobs);
    dialler.dialMore();
    expect(dialler.underWay).toBe(expected);
    dialler.dialMore();
    expect(dialler.underWay).toBe(expected);
  });

  test("the relay has places for", () => {
    let left = 2;
    const { dialler, waiting, did } = dialling({}, () => left-- > 0);
    wait(waiting, 10);
    dialler.dialMore();
    expect([dialler.underWay, did]).toEqual([2, ["enter", "enter"]]);
  });
});

describe("where none that is being opened is answered for 20 seconds", () => {
  test.each<[string, number, Partial<DiallingPool>, readonly number[]]>([
    ["as many are opened beside them", 30, {}, [4, 4, 8, 8]],
    ["none for nobody", 4, {}, [4, 4, 4, 4]],
    ["none above the most", 30, { most: 7 }, [4, 4, 7, 7]],
    ["none where nobody knows that it ever answers", 30, { firstDials: 1, standing: "new" }, [1, 1, 1, 1]],
    ["nor where it did not lately", 30, { firstDials: 1, standing: "failing" }, [1, 1, 1, 1]],
  ])("%s", async (_, jobs, given, expected) => {
    const { dialler, waiting } = dialling(given);
    wait(waiting, jobs);
    dialler.dialMore();
    await clock.settle();
    const found = [dialler.underWay];
    for (const afterMs of [19_999, 1, 5_000]) {
      await clock.advance(afterMs);
      found.push(dialler.underWay);
    }
    expect(found).toEqual(expected);
    dialler.end(new SmtpClientError("aborted", "the relay is stopping"));
    await clock.settle();
    expect([dialler.underWay, clock.pendingTimers]).toEqual([0, 0]);
  });
});

describe("behind a failure", () => {
  const failing = async (given: Partial<DiallingPool>) => {
    const all = dialling(given);
    wait(all.waiting, 1);
    all.dialler.dialMore();
    await clock.settle();
    dialled.pop()?.(Object.assign(new Error(), { code: "ECONNREFUSED" }));
    await clock.settle();
    return all;
  };

  test("its place is given back, and the pool hears what it was", async () => {
    const { did, dialler } = await failing({});
    expect([did, dialler.underWay]).toEqual([["enter", "failed: connect false", "leave", "ended"], 0]);
  });

  test("no other is tried for five seconds while some are open", async () => {
    const { dialler } = await failing({ open: 1 });
    for (const [afterMs, expected] of [
      [0, 0],
      [4_999, 0],
      [1, 1],
    ] as const) {
      await clock.advance(afterMs);
      dialler.dialMore();
      expect(dialler.underWay).toBe(expected);
    }
  });

  test("it is tried behind them though nothing else comes to pass", async () => {
    const { dialler } = await failing({ open: 1 });
    dialler.dialMore();
    await clock.advance(4_999);
    expect(dialler.underWay).toBe(0);
    await clock.advance(1);
    expect(dialler.underWay).toBe(1);
  });

  test("a stop waits for no pause", async () => {
    const { dialler } = await failing({ open: 1 });
    dialler.dialMore();
    dialler.end(new SmtpClientError("aborted", "the relay is stopping"));
    expect(clock.pendingTimers).toBe(0);
  });

  test("another is tried at once where none is", async () => {
    const { dialler } = await failing({});
    dialler.dialMore();
    expect(dialler.underWay).toBe(1);
  });
});

describe("for who was put off by a peer", () => {
  const putOff = (waiting: WaitingJobs, by: readonly Peer[] = []) =>
    waiting.addElsewhere(Object.assign(job(), { asked: by }));

  test("one is opened for each, beside those for anybody", () => {
    const { dialler, waiting } = dialling();
    wait(waiting, 1);
    putOff(waiting);
    dialler.dialMore();
    expect([dialler.underWay, dialler.elsewhere]).toEqual([2, 1]);
  });

  test("it is tried in a pause too, where none that is open may serve", async () => {
    const { dialler, waiting, peer } = dialling({ open: 1 });
    wait(waiting, 1);
    dialler.dialMore();
    await clock.settle();
    dialled.pop()?.(new Error("no"));
    await clock.settle();
    putOff(waiting, [peer]);
    dialler.dialMore();
    expect([dialler.underWay, dialler.elsewhere]).toEqual([1, 1]);
  });

  test("none is in a pause where one that is open will serve", async () => {
    const memory = createPeerMemory();
    const other = memory.peer(memory.host({ host: "mx2.test", port: 25 }), "192.0.2.2");
    const { dialler, waiting } = dialling({ open: 1, openPeers: [other] });
    wait(waiting, 1);
    dialler.dialMore();
    await clock.settle();
    dialled.pop()?.(new Error("no"));
    await clock.settle();
    putOff(waiting);
    dialler.dialMore();
    expect(dialler.underWay).toBe(0);
  });
});

test("a stop ends what is under way: nobody is told of a failure, and the places are given back", async () => {
  const given = { isClosing: false };
  const { dialler, waiting, did } = dialling(given);
  wait(waiting, 2);
  dialler.dialMore();
  await clock.settle();
  dialler.end(new SmtpClientError("aborted", "the relay is stopping"));
  await clock.settle();
  expect(dialler.underWay).toBe(0);
  expect(did).toEqual(["enter", "enter", "leave", "ended", "leave", "ended"]);
  expect(clock.pendingTimers).toBe(0);
});

test("TLS that is required and cannot be had is told with the domain that it keeps from its mail", async () => {
  const bar = { kind: "barred", isPermanent: false, status: "4.7.5", reason: "it offers no TLS" } as const;
  const { dialler, waiting, did } = dialling({}, undefined, () => ({ ...bar, outcomes: [] }));
  waiting.addLast(job(["first@contoso.test", "x@fabrikam.test"]));
  dialler.dialMore();
  await clock.settle();
  expect(did).toContain("failed: tls false");
  expect(told).toEqual([
    [
      "SmtpSendTlsRequiredFailed",
      { connector: "Out", domain: "contoso.test", host: "192.0.2.1", error: "it offers no TLS" },
    ],
  ]);
});
