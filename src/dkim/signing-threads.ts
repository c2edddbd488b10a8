/**
 * RSA signatures in threads of their own. The way to a thread and back costs as much as a fifth of a signature, and what is answered
 * alone is sent alone: so texts and signatures lie in memory that both share (signing-ring.ts), and signatures come back together.
 */
import type { KeyObject } from "node:crypto";
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers";
import type { Clock, Timer } from "../ports/ports.ts";
import { startThread } from "../ports/start-thread.ts";
import { createSystemClock } from "../ports/system-ports.ts";
import { createSigningRing, places, type SigningRing } from "./signing-ring.ts";
import type { BesideRing, SigningWork, ToldOfRing } from "./signing-worker.ts";

export interface RsaSignatures {
  /**
   * `text`: a character for each octet. Gives `signed` the signature (SHA-256), base64, or `failed` what the key says, or that
   * the thread has ended: one of them, once, behind this call. Cost here: some microseconds; it begins behind what this turn of the event
   * loop brought, and where all threads sleep and one was woken less than 8 ms ago, at the end of these.
   */
  sign(
    text: string,
    key: KeyObject,
    signed: (signature: string) => void,
    failed: (fault: Error) => void,
  ): void;
  /** What is under way fails. Idempotent; another `sign` starts a thread again. */
  close(): void;
}

/** Signatures at once; one core is the mail's. */
const mostThreads = Math.max(1, Math.min(2, availableParallelism() - 1));
/** RSA-2048: some 4 ms, for which the first of them waits. */
const mostTogether = 16;
/** A thread that sleeps is woken no more often: what comes meanwhile is signed, and goes on, together. */
const betweenWakesMs = 8;
/** What waits for longer than one thread needs for what it has is worth another. */
const worthAThread = places;
/** Keys are read anew with each configuration. */
const mostKeysKnown = 1000;
/** Megabytes: signatures, and nothing that stays. */
const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };

interface Wanted {
  readonly text: string;
  readonly key: KeyObject;
  readonly signed: (signature: string) => void;
  readonly failed: (fault: Error) => void;
}

/** What is used of a Worker. */
interface Thread {
  on(event: "message", heard: (told: ToldOfRing) => void): unknown;
  on(event: "error", heard: (error: unknown) => void): unknown;
  on(event: "exit", heard: () => void): unknown;
  postMessage(message: BesideRing, transferred: []): void;
  ref(): void;
  unref(): void;
  terminate(): Promise<unknown>;
}

interface SigningThread {
  readonly worker: Thread;
  readonly ring: SigningRing;
  /** Their numbers are used once. */
  readonly knownKeys: Map<KeyObject, number>;
  keys: number;
  /** What is in the ring, in its order, from `taken` on. */
  readonly underWay: Wanted[];
  given: number;
  taken: number;
  /** Told apart, of the first places whose signatures are not in the ring. */
  readonly apart: Exclude<ToldOfRing, number>[];
}

const startWorker = (workerData: SigningWork): Thread =>
  startThread(import.meta.url, "signing-worker", { resourceLimits, workerData });

/**
 * Threads start with the first signature, some 30 ms; each some 8 MB. `start`, `most`, `clock`: for tests. How long threads sleep is real,
 * whatever the relay's own clock says.
 */
export function createSigningThreads(
  start: (work: SigningWork) => Thread = startWorker,
  most: number = mostThreads,
  clock: Pick<Clock, "now" | "after"> = createSystemClock(),
): RsaSignatures {
  let waiting: Wanted[] = [];
  let threads: readonly SigningThread[] = [];
  let isDue = false;
  /** For texts that come to a thread that was woken a moment ago. */
  let held: Timer | undefined;
  let wokenAt = -Infinity;

  const end = (thread: SigningThread, fault: Error): void => {
    if (!threads.includes(thread)) return;
    threads = threads.filter((one) => one !== thread);
    fail(thread.underWay.splice(0), fault);
    // A thread that cannot run would be started for ever.
    if (threads.length === 0) fail(waiting.splice(0), fault);
    else for (const one of threads) giveTo(one);
    void thread.worker.terminate();
  };

  /** Where the system gives no more threads, those that run do all. */
  const open = (): void => {
    const ring = createSigningRing();
    let worker: Thread;
    try {
      worker = start({ memory: ring.memory, mostTogether });
    } catch (error) {
      if (threads.length === 0) fail(waiting.splice(0), asError(error));
      return;
    }
    const thread: SigningThread = {
      worker,
      ring,
      knownKeys: new Map(),
      keys: 0,
      underWay: [],
      given: 0,
      taken: 0,
      apart: [],
    };
    worker.unref();
    worker.on("message", (told) => {
      if (typeof told !== "number") return void thread.apart.push(told);
      const from = thread.taken;
      const done = thread.underWay.splice(0, (told - from) | 0);
      const signed = done.map((_, at) => thread.ring.signatureAt(from + at) ?? thread.apart.shift());
      thread.taken = told;
      if (thread.underWay.length === 0) worker.unref();
      giveTo(thread);
      for (const [at, one] of done.entries()) settle(one, signed[at]);
    });
    worker.on("error", (error) => end(thread, asError(error)));
    worker.on("exit", () => end(thread, new Error("the thread that signs has ended")));
    threads = [...threads, thread];
  };

  const giveTo = (thread: SigningThread): void => {
    const { worker, ring, underWay } = thread;
    const more = waiting.splice(0, places - underWay.length);
    if (more.length === 0) return;
    if (underWay.length === 0) {
      worker.ref();
      wokenAt = clock.now();
    }
    for (const one of more) {
      underWay.push(one);
      const key = keyNumber(thread, one.key);
      if (!ring.fill(thread.given, one.text, key)) worker.postMessage({ text: one.text }, []);
      thread.given = (thread.given + 1) | 0;
    }
    ring.tell(thread.given);
  };

  const give = (): void => {
    isDue = false;
    held = undefined;
    if (threads.length === 0 && waiting.length > 0) open();
    for (const thread of threads) giveTo(thread);
    if (waiting.length < worthAThread || threads.length >= most) return;
    open();
    for (const thread of threads) giveTo(thread);
  };

  /** True: all threads sleep, and are woken in a moment with what is there then. */
  const isHeld = (): boolean => {
    if (held !== undefined) return true;
    const [first] = threads;
    if (first === undefined || threads.some(({ underWay }) => underWay.length > 0)) return false;
    const inMs = wokenAt + betweenWakesMs - clock.now();
    if (inMs <= 0) return false;
    held = clock.after(inMs, give);
    // It gets them; a timer does not keep a process until mail that is on its way has left.
    first.worker.ref();
    return true;
  };

  return {
    sign(text, key, signed, failed) {
      waiting.push({ text, key, signed, failed });
      if (isDue) return;
      if (waiting.length < mostTogether && isHeld()) return;
      held?.cancel();
      isDue = true;
      setImmediate(give);
    },
    close() {
      const closed = new Error("the relay is stopping");
      held?.cancel();
      held = undefined;
      fail(waiting.splice(0), closed);
      for (const thread of threads) end(thread, closed);
    },
  };
}

/** Several are told one behind the other: what one of them makes of it is not to keep it from the next. */
function settle(one: Wanted, told: string | Exclude<ToldOfRing, number> | undefined): void {
  try {
    if (typeof told === "string") one.signed(told);
    else if (told !== undefined && "signature" in told) one.signed(told.signature);
    else one.failed(new Error(told?.fault ?? "no signature"));
  } catch (error) {
    void Promise.reject(error);
  }
}

function fail(all: readonly Wanted[], fault: Error): void {
  for (const one of all) {
    try {
      one.failed(fault);
    } catch (error) {
      void Promise.reject(error);
    }
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** A key goes over once, before the first place that is of it. */
function keyNumber(thread: SigningThread, key: KeyObject): number {
  const { knownKeys } = thread;
  let number = knownKeys.get(key);
  if (number === undefined) {
    const forgetsKeys = knownKeys.size >= mostKeysKnown;
    if (forgetsKeys) knownKeys.clear();
    number = thread.keys++;
    knownKeys.set(key, number);
    thread.worker.postMessage({ key, forgetsKeys }, []);
  }
  return number;
}
