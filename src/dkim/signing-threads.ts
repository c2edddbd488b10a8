/**
 * RSA signatures in threads of their own. The way to a thread and back costs as much as a fifth of a signature, and what is answered
 * alone is sent alone: so what waits goes over together, and comes back together.
 */
import type { KeyObject } from "node:crypto";
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers";
import { startThread } from "../ports/start-thread.ts";
import type { SignedBatch, SigningBatch } from "./signing-worker.ts";

export interface RsaSignatures {
  /**
   * `text`: a character for each octet. Resolves with the signature (SHA-256), base64. Rejects with what the key says, or when
   * the thread ends. Cost here: some microseconds; it begins behind what this turn of the event loop brought.
   */
  sign(text: string, key: KeyObject): Promise<string>;
  /** What is under way rejects. Idempotent; another `sign` starts a thread again. */
  close(): void;
}

/** Signatures at once; one core is the mail's. */
const mostThreads = Math.max(1, Math.min(2, availableParallelism() - 1));
/** RSA-2048: some 4 ms, for which the first of them waits. */
const mostTogether = 16;
/** Behind the batch that is signed, so that the thread has no time to fall asleep; not worth it for fewer. */
const leastBehind = 4;
/** What waits for longer than one thread needs for two batches is worth another. */
const worthAThread = 2 * mostTogether;
/** Keys are read anew with each configuration. */
const mostKeysKnown = 1000;
/** Megabytes: texts and signatures, and nothing that stays. */
const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };

interface Wanted {
  readonly text: string;
  readonly key: KeyObject;
  readonly resolve: (signature: string) => void;
  readonly reject: (fault: Error) => void;
}

/** What is used of a Worker. */
interface Thread {
  on(event: "message", heard: (signed: SignedBatch) => void): unknown;
  on(event: "error", heard: (error: unknown) => void): unknown;
  on(event: "exit", heard: () => void): unknown;
  postMessage(batch: SigningBatch, transferred: []): void;
  ref(): void;
  unref(): void;
  terminate(): Promise<unknown>;
}

interface SigningThread {
  readonly worker: Thread;
  readonly knownKeys: Map<KeyObject, number>;
  /** As they were given. */
  readonly batches: (readonly Wanted[])[];
}

const startWorker = (): Thread => startThread(import.meta.url, "signing-worker", { resourceLimits });

/** Threads start with the first signature, some 30 ms; each some 8 MB. `start`, `most`: for tests. */
export function createSigningThreads(
  start: () => Thread = startWorker,
  most: number = mostThreads,
): RsaSignatures {
  let waiting: Wanted[] = [];
  let threads: readonly SigningThread[] = [];
  let isDue = false;

  const end = (thread: SigningThread, fault: Error): void => {
    if (!threads.includes(thread)) return;
    threads = threads.filter((one) => one !== thread);
    for (const one of thread.batches) fail(one, fault);
    // A thread that cannot run would be started for ever.
    if (threads.length === 0) fail(waiting.splice(0), fault);
    else for (const one of threads) giveTo(one);
    void thread.worker.terminate();
  };

  /** Where the system gives no more threads, those that run do all. */
  const open = (): void => {
    let worker: Thread;
    try {
      worker = start();
    } catch (error) {
      if (threads.length === 0) fail(waiting.splice(0), asError(error));
      return;
    }
    const thread: SigningThread = { worker, knownKeys: new Map(), batches: [] };
    worker.unref();
    worker.on("message", (signed: SignedBatch) => {
      const batch = thread.batches.shift() ?? [];
      if (thread.batches.length === 0) worker.unref();
      giveTo(thread);
      for (const [at, one] of batch.entries()) {
        const signature = signed[at];
        if (typeof signature === "string") one.resolve(signature);
        else one.reject(new Error(signature?.fault ?? "no signature"));
      }
    });
    worker.on("error", (error) => end(thread, asError(error)));
    worker.on("exit", () => end(thread, new Error("the thread that signs has ended")));
    threads = [...threads, thread];
  };

  const giveTo = (thread: SigningThread): void => {
    const { worker, batches } = thread;
    while (waiting.length >= (batches.length === 0 ? 1 : leastBehind) && batches.length < 2) {
      const batch = waiting.splice(0, mostTogether);
      if (batches.length === 0) worker.ref();
      batches.push(batch);
      worker.postMessage(asMessage(batch, thread.knownKeys), []);
    }
  };

  const give = (): void => {
    isDue = false;
    if (threads.length === 0 && waiting.length > 0) open();
    for (const thread of threads) giveTo(thread);
    if (waiting.length < worthAThread || threads.length >= most) return;
    open();
    for (const thread of threads) giveTo(thread);
  };

  return {
    sign: (text, key) =>
      new Promise((resolve, reject) => {
        waiting.push({ text, key, resolve, reject });
        if (isDue) return;
        isDue = true;
        setImmediate(give);
      }),
    close() {
      const closed = new Error("the relay is stopping");
      fail(waiting.splice(0), closed);
      for (const thread of threads) end(thread, closed);
    },
  };
}

function fail(all: readonly Wanted[], fault: Error): void {
  for (const one of all) one.reject(fault);
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

function asMessage(batch: readonly Wanted[], known: Map<KeyObject, number>): SigningBatch {
  const forgetsKeys = known.size > mostKeysKnown;
  if (forgetsKeys) known.clear();
  const newKeys: KeyObject[] = [];
  const by = batch.map(({ key }) => {
    let number = known.get(key);
    if (number === undefined) {
      number = known.size;
      known.set(key, number);
      newKeys.push(key);
    }
    return number;
  });
  return { forgetsKeys, newKeys, by, texts: batch.map(({ text }) => text) };
}
