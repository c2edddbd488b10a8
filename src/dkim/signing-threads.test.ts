import { EventEmitter } from "node:events";
import { setImmediate } from "node:timers/promises";
import { createPublicKey, verify, type KeyObject } from "node:crypto";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { newSigningKey, readSigningKey } from "./signing-key.ts";
import { createSigningThreads, type RsaSignatures } from "./signing-threads.ts";
import type { SigningBatch } from "./signing-worker.ts";

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

describe("batches", () => {
  /** A thread that answers when it is told to. */
  class ToldThread extends EventEmitter {
    readonly batches: SigningBatch[] = [];
    isRef = true;
    isTerminated = false;
    postMessage(batch: SigningBatch): void {
      this.batches.push(batch);
    }
    answer(): void {
      this.emit(
        "message",
        this.batches.shift()?.texts.map((text) => `signed ${text}`),
      );
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
    threads = createSigningThreads(() => {
      const thread = new ToldThread();
      started.push(thread);
      return thread;
    }, 2);
  });
  const sizes = (): readonly (readonly number[])[] =>
    started.map(({ batches }) => batches.map(({ texts }) => texts.length));
  const ask = (many: number): Promise<string>[] =>
    Array.from({ length: many }, (_, number) => threads.sign(String(number), rsa));

  test.each([
    [1, [[1]]],
    [20, [[16, 4]]],
    [19, [[16]]],
    [60, [[16, 16]]],
    [
      64,
      [
        [16, 16],
        [16, 16],
      ],
    ],
    [
      200,
      [
        [16, 16],
        [16, 16],
      ],
    ],
  ])("of %d at once go over %j", async (many, over) => {
    const asked = ask(many);
    for (const one of asked) one.catch(() => undefined);
    await setImmediate();
    expect(sizes()).toEqual(over);
  });

  test("what waits goes over with the next answer, and every answer is its text's", async () => {
    const asked = ask(19);
    await setImmediate();
    const [thread] = started;
    expect(thread?.isRef).toBe(true);
    thread?.answer();
    expect(sizes()).toEqual([[3]]);
    thread?.answer();
    expect(await Promise.all(asked)).toEqual(Array.from(asked, (_, number) => `signed ${number}`));
    expect(thread?.isRef).toBe(false);
  });

  test("a key goes over once", async () => {
    const asked = ask(2);
    await setImmediate();
    expect(started[0]?.batches[0]).toMatchObject({ newKeys: [rsa], by: [0, 0], forgetsKeys: false });
    started[0]?.answer();
    await Promise.all(asked);
    const next = [threads.sign("x", other), threads.sign("y", rsa)];
    await setImmediate();
    expect(started[0]?.batches[0]).toMatchObject({ newKeys: [other], by: [1, 0] });
    started[0]?.answer();
    await Promise.all(next);
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
      started[1]?.answer();
      expect(await next).toBe("signed 0");
    },
  );

  test("of two threads one ends: it fails what it has, and the other does what waits", async () => {
    const asked = ask(200);
    await setImmediate();
    started[1]?.emit("exit", 1);
    while (started[0]!.batches.length > 0) started[0]!.answer();
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(32);
  });

  test("where no thread can be started what waits fails, and the next signature tries again", async () => {
    let canStart = false;
    const thread = new ToldThread();
    const noRoom = createSigningThreads(() => {
      if (!canStart) throw new Error("Worker initialization failure: EAGAIN");
      return thread;
    }, 2);
    const asked = Array.from({ length: 40 }, (_, number) => noRoom.sign(String(number), rsa));
    for (const one of asked) await expect(one).rejects.toThrow("EAGAIN");
    canStart = true;
    const next = noRoom.sign("x", rsa);
    await setImmediate();
    thread.answer();
    expect(await next).toBe("signed x");
    noRoom.close();
  });

  test("where a second thread cannot be started the first does all", async () => {
    let hasFirst = false;
    const thread = new ToldThread();
    const oneOnly = createSigningThreads(() => {
      if (hasFirst) throw new Error("Worker initialization failure: EAGAIN");
      hasFirst = true;
      return thread;
    }, 2);
    const asked = Array.from({ length: 100 }, (_, number) => oneOnly.sign(String(number), rsa));
    await setImmediate();
    while (thread.batches.length > 0) thread.answer();
    expect(await Promise.all(asked)).toEqual(Array.from(asked, (_, number) => `signed ${number}`));
    oneOnly.close();
  });

  test("closing fails what is under way", async () => {
    const asked = ask(40);
    await setImmediate();
    threads.close();
    for (const one of asked) await expect(one).rejects.toThrow("stopping");
  });
});
