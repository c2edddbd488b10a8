import { EventEmitter } from "node:events";
import { setImmediate } from "node:timers/promises";
import { createPublicKey, createSecretKey, verify, type KeyObject } from "node:crypto";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
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

test("each text is signed by its key, whatever it is together with; a key that cannot fails alone", async () => {
  threads = createSigningThreads();
  const ed25519 = createPublicKey(rsa);
  const texts = Array.from({ length: 40 }, (_, number) => `text ${number} \u00e4`);
  const signed = texts.map((text, at) => threads.sign(text, at % 2 === 0 ? rsa : other));
  const refused = threads.sign("by what is no private key", ed25519);
  for (const [at, text] of texts.entries()) {
    const signature = Buffer.from(await signed[at]!, "base64");
    const by = createPublicKey(at % 2 === 0 ? rsa : other);
    expect(verify("sha256", Buffer.from(text, "latin1"), by, signature)).toBe(true);
  }
  await expect(refused).rejects.toThrow(/key/iu);
});

test("texts that have no room in the ring go beside it, each in its turn", async () => {
  threads = createSigningThreads();
  const keyOf = (at: number): KeyObject => (at % 5 === 0 ? other : rsa);
  const texts = Array.from({ length: 40 }, (_, at) => "x".repeat(at % 3 === 0 ? 4080 + at : at));
  const signed = await Promise.all(texts.map((text, at) => threads.sign(text, keyOf(at))));
  for (const [at, text] of texts.entries()) {
    const signature = Buffer.from(signed[at]!, "base64");
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
  beforeEach(() => {
    started = [];
    threads = createSigningThreads((work) => {
      const thread = new ToldThread(work);
      started.push(thread);
      return thread;
    }, 2);
  });
  const ask = (many: number): Promise<string>[] =>
    Array.from({ length: many }, (_, number) => threads.sign(String(number), rsa));
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

  test("a key goes over once, and its number is used once", async () => {
    const asked = ask(2);
    await setImmediate();
    const [thread] = started;
    expect(thread?.beside.splice(0)).toEqual([{ key: rsa, forgetsKeys: false }]);
    expect([0, 1].map((at) => thread?.ring.keyAt(at))).toEqual([0, 0]);
    thread?.answer(2);
    await Promise.all(asked);
    const next = [threads.sign("x", other), threads.sign("y", rsa)];
    await setImmediate();
    expect(thread?.beside.splice(0)).toEqual([{ key: other, forgetsKeys: false }]);
    expect([2, 3].map((at) => thread?.ring.keyAt(at))).toEqual([1, 0]);
    thread?.answer(2);
    await Promise.all(next);
  });

  test("of a thousand keys all are forgotten, and those still in use go over anew", async () => {
    const many = Array.from({ length: 1000 }, () => createSecretKey(Buffer.from("key")));
    const by = async (key: KeyObject): Promise<void> => {
      const signed = threads.sign("x", key);
      await setImmediate();
      started[0]?.answer(1);
      await signed;
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
    const asked = Array.from({ length: 40 }, (_, number) => noRoom.sign(String(number), rsa));
    for (const one of asked) await expect(one).rejects.toThrow("EAGAIN");
    canStart = true;
    const next = noRoom.sign("x", rsa);
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
    const asked = Array.from({ length: 100 }, (_, number) => oneOnly.sign(String(number), rsa));
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
