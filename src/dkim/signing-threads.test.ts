import { EventEmitter } from "node:events";
import { setImmediate } from "node:timers/promises";
import { createPublicKey, createSecretKey, verify, type KeyObject } from "node:crypto";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFakeClock, type FakeClock } from "../testing/fake-clock.ts";
import { newSigningKey, readSigningKey } from "./signing-key.ts";
import { createSigningThreads, type RsaSignatures } from "./signing-threads.ts";
import { createSigningRing, type SigningRing } from "./signing-ring.ts";
import type { BesideRing, SigningWork, ToldOfRing } from "./signing-worker.ts";

let rsa: KeyObject;
let other: KeyObject;
beforeAll(async () => {
  const pems = await Promise.all([newSigningKey("rsa"), newSigningKey("rsa")]);
  [rsa, other] = pems.map((pem) => readSigningKey(pem).key) as [KeyObject, KeyObject];
});

let threads: RsaSignatures;
afterEach(() => threads.close());
const signedBy = (by: RsaSignatures, text: string, key: KeyObject): Promise<string> =>
  new Promise((resolve, reject) => by.sign(text, key, resolve, reject));
const signed = (text: string, key: KeyObject): Promise<string> => signedBy(threads, text, key);

test("each text is signed by its key, whatever it is together with; a key that cannot fails alone", async () => {
  threads = createSigningThreads();
  const ed25519 = createPublicKey(rsa);
  const texts = Array.from({ length: 40 }, (_, number) => `text ${number} \u00e4`);
  const signatures = texts.map((text, at) => signed(text, at % 2 === 0 ? rsa : other));
  const refused = signed("by what is no private key", ed25519);
  for (const [at, text] of texts.entries()) {
    const signature = Buffer.from(await signatures[at]!, "base64");
    const by = createPublicKey(at % 2 === 0 ? rsa : other);
    expect(verify("sha256", Buffer.from(text, "latin1"), by, signature)).toBe(true);
  }
  await expect(refused).rejects.toThrow(/key/iu);
});

test("texts that have no room in the ring go beside it, each in its turn", async () => {
  threads = createSigningThreads();
  const keyOf = (at: number): KeyObject => (at % 5 === 0 ? other : rsa);
  const texts = Array.from({ length: 40 }, (_, at) => "x".repeat(at % 3 === 0 ? 4080 + at : at));
  const signatures = await Promise.all(texts.map((text, at) => signed(text, keyOf(at))));
  for (const [at, text] of texts.entries()) {
    const signature = Buffer.from(signatures[at]!, "base64");
    expect(verify("sha256", Buffer.from(text, "latin1"), createPublicKey(keyOf(at)), signature)).toBe(true);
  }
});

describe("what goes over", () => {
  /** A thread that answers when it is told to. */
  class ToldThread extends EventEmitter {
    readonly beside: BesideRing[] = [];
    readonly ring: SigningRing;
    answered = 0;
    isRef = true;
    isTerminated = false;
    constructor({ memory }: SigningWork) {
      super();
      this.ring = createSigningRing(memory);
    }
    get under(): number {
      return this.ring.given() - this.answered;
    }
    postMessage(message: BesideRing): void {
      this.beside.push(message);
    }
    /** Up to so many, as they were given. */
    answer(many: number): void {
      for (const last = this.answered + Math.min(many, this.under); this.answered < last; this.answered++)
        this.ring.sign(this.answered, Buffer.from(`signed ${this.ring.textAt(this.answered)?.toString()}`));
      this.tell(this.answered);
    }
    tell(told: ToldOfRing): void {
      this.emit("message", told);
    }
    ref = (): void => void (this.isRef = true);
    unref = (): void => void (this.isRef = false);
    terminate = async (): Promise<number> => {
      this.isTerminated = true;
      return 0;
    };
  }
  let started: ToldThread[];
  let clock: FakeClock;
  beforeEach(() => {
    started = [];
    clock = createFakeClock();
    const start = (work: SigningWork): ToldThread => {
      const thread = new ToldThread(work);
      started.push(thread);
      return thread;
    };
    threads = createSigningThreads(start, 2, clock);
  });
  const ask = (many: number): Promise<string>[] =>
    Array.from({ length: many }, (_, number) => signed(String(number), rsa));
  const signatureOf = (text: string | number): string => Buffer.from(`signed ${text}`).toString("base64");

  test.each([
    [1, [1]],
    [20, [20]],
    [60, [32]],
    [64, [32, 32]],
    [200, [32, 32]],
  ])("of %d at once threads have %j", async (many, over) => {
    const asked = ask(many);
    for (const one of asked) one.catch(() => undefined);
    await setImmediate();
    expect(started.map(({ under }) => under)).toEqual(over);
  });

  test("what waits goes over with the next answer, and every answer is its text's", async () => {
    const asked = ask(50);
    await setImmediate();
    const [thread] = started;
    expect(thread?.isRef).toBe(true);
    thread?.answer(16);
    expect(thread?.under).toBe(32);
    thread?.answer(7);
    expect(thread?.under).toBe(27);
    thread?.answer(27);
    expect(await Promise.all(asked)).toEqual(Array.from(asked, (_, number) => signatureOf(number)));
    expect(thread?.isRef).toBe(false);
  });

  test.each([
    [0, 8, "eight later"],
    [3, 8, "eight behind the one that woke it"],
    [8, 0, "at once"],
  ])("a thread that sleeps since %d ms is woken %d ms behind the last time: %s", async (sinceMs, atMs) => {
    const first = signed("first", rsa);
    await clock.settle();
    const [thread] = started;
    thread?.answer(1);
    await first;
    await clock.advance(sinceMs);
    const asked = ask(3);
    await clock.settle();
    expect(thread?.isRef).toBe(true);
    if (atMs > 0) {
      expect(thread?.under).toBe(0);
      await clock.advance(atMs - sinceMs - 1);
      expect(thread?.under).toBe(0);
      await clock.advance(1);
    }
    expect(thread?.under).toBe(3);
    thread?.answer(3);
    expect(await Promise.all(asked)).toEqual([0, 1, 2].map(signatureOf));
    expect([clock.pendingTimers, thread?.isRef]).toEqual([0, false]);
  });

  test("it is woken before its time by as many as are told together, and what comes while it works waits for nothing", async () => {
    const first = signed("first", rsa);
    await clock.settle();
    const [thread] = started;
    thread?.answer(1);
    await first;
    const asked = ask(15);
    await clock.settle();
    expect(thread?.under).toBe(0);
    asked.push(signed("15", rsa));
    await clock.settle();
    expect([thread?.under, clock.pendingTimers]).toEqual([16, 0]);
    asked.push(signed("16", rsa));
    await clock.settle();
    expect(thread?.under).toBe(17);
    thread?.answer(17);
    expect(await Promise.all(asked)).toEqual(Array.from(asked, (_, number) => signatureOf(number)));
  });

  test.each(["close", "exit"])("what waits for a thread to be woken fails with it: %s", async (how) => {
    const first = signed("first", rsa);
    await clock.settle();
    started[0]?.answer(1);
    await first;
    const asked = ask(3);
    if (how === "close") threads.close();
    else started[0]?.emit("exit", 1);
    for (const one of asked) await expect(one).rejects.toThrow(how === "close" ? "stopping" : "has ended");
    await clock.advance(8);
    expect([started.length, clock.pendingTimers]).toEqual([1, 0]);
  });

  test("what one makes of its signature, or of its failure, keeps it from nobody behind it", async () => {
    const faults: unknown[] = [];
    const hear = (fault: unknown): void => void faults.push(fault);
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", hear);
    try {
      const bad = new Error("by who asked");
      const throws = (): never => {
        throw bad;
      };
      threads.sign("bad", rsa, throws, throws);
      const [good] = ask(1);
      await clock.settle();
      started[0]?.answer(2);
      expect(await good).toBe(signatureOf(0));
      threads.sign("bad", rsa, throws, throws);
      const [late] = ask(1);
      threads.close();
      await expect(late).rejects.toThrow("stopping");
      await clock.settle();
      expect(faults).toEqual([bad, bad]);
    } finally {
      process.off("unhandledRejection", hear);
      for (const one of others) process.on("unhandledRejection", one);
    }
  });

  test("a key goes over once, and its number is used once", async () => {
    const asked = ask(2);
    await setImmediate();
    const [thread] = started;
    expect(thread?.beside.splice(0)).toEqual([{ key: rsa, forgetsKeys: false }]);
    expect([0, 1].map((at) => thread?.ring.keyAt(at))).toEqual([0, 0]);
    thread?.answer(2);
    await Promise.all(asked);
    const next = [signed("x", other), signed("y", rsa)];
    await clock.advance(8);
    expect(thread?.beside.splice(0)).toEqual([{ key: other, forgetsKeys: false }]);
    expect([2, 3].map((at) => thread?.ring.keyAt(at))).toEqual([1, 0]);
    thread?.answer(2);
    await Promise.all(next);
  });

  test("of a thousand keys all are forgotten, and those still in use go over anew", async () => {
    const many = Array.from({ length: 1000 }, () => createSecretKey(Buffer.from("key")));
    const by = async (key: KeyObject): Promise<void> => {
      const signature = signed("x", key);
      await clock.advance(8);
      started[0]?.answer(1);
      await signature;
    };
    for (const key of many) await by(key);
    await by(rsa);
    await by(many[0]!);
    const [thread] = started;
    expect(thread?.beside.slice(1000)).toEqual([
      { key: rsa, forgetsKeys: true },
      { key: many[0], forgetsKeys: false },
    ]);
    expect(thread?.ring.keyAt(1001)).toBe(1001);
  });

  test("what is told apart is of the places that say so", async () => {
    const asked = ask(4);
    await setImmediate();
    const [thread] = started;
    for (const at of [0, 2]) thread?.ring.sign(at, Buffer.from(`signed ${at}`));
    expect(thread?.ring.sign(1, undefined)).toBe(false);
    expect(thread?.ring.sign(3, Buffer.alloc(513))).toBe(false);
    thread?.tell({ fault: "no such key" });
    thread?.tell({ signature: "long" });
    thread?.tell(4);
    await expect(asked[1]).rejects.toThrow("no such key");
    expect(await Promise.all([asked[0], asked[2], asked[3]])).toEqual([
      signatureOf(0),
      signatureOf(2),
      "long",
    ]);
  });

  test.each([
    ["error", new Error("out of memory"), "out of memory"],
    ["exit", 1, "has ended"],
  ])(
    "a thread that ends (%s) fails what it has and what waits, and the next begins with another",
    async (event, what, says) => {
      const asked = ask(19);
      await setImmediate();
      started[0]?.emit(event, what);
      for (const one of asked) await expect(one).rejects.toThrow(says);
      expect(started[0]?.isTerminated).toBe(true);
      const [next] = ask(1);
      await setImmediate();
      started[1]?.answer(1);
      expect(await next).toBe(signatureOf(0));
    },
  );

  test("of two threads one ends: it fails what it has, and the other does what waits", async () => {
    const asked = ask(200);
    await setImmediate();
    started[1]?.emit("exit", 1);
    while (started[0]!.under > 0) started[0]!.answer(16);
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(32);
  });

  test("where no thread can be started what waits fails, and the next signature tries again", async () => {
    let canStart = false;
    let thread: ToldThread | undefined;
    const noRoom = createSigningThreads((work) => {
      if (!canStart) throw new Error("Worker initialization failure: EAGAIN");
      return (thread = new ToldThread(work));
    }, 2);
    const asked = Array.from({ length: 40 }, (_, number) => signedBy(noRoom, String(number), rsa));
    for (const one of asked) await expect(one).rejects.toThrow("EAGAIN");
    canStart = true;
    const next = signedBy(noRoom, "x", rsa);
    await setImmediate();
    thread?.answer(1);
    expect(await next).toBe(signatureOf("x"));
    noRoom.close();
  });

  test("where a second thread cannot be started the first does all", async () => {
    let thread: ToldThread | undefined;
    const oneOnly = createSigningThreads((work) => {
      if (thread !== undefined) throw new Error("Worker initialization failure: EAGAIN");
      return (thread = new ToldThread(work));
    }, 2);
    const asked = Array.from({ length: 100 }, (_, number) => signedBy(oneOnly, String(number), rsa));
    await setImmediate();
    while (thread!.under > 0) thread!.answer(16);
    expect(await Promise.all(asked)).toEqual(Array.from(asked, (_, number) => signatureOf(number)));
    oneOnly.close();
  });

  test("closing fails what is under way", async () => {
    const asked = ask(40);
    await setImmediate();
    threads.close();
    for (const one of asked) await expect(one).rejects.toThrow("stopping");
  });
});
