/** Writers that hand small messages to a spool, each waiting until its own is durable; what is accepted is settled at once. */
import type { Spool } from "../src/spool/spool.ts";
import { quantilesOf } from "./median.ts";

const contentBytes = 4096;
export const envelope = {
  reversePath: "orders@shop.example",
  recipients: [{ forwardPath: "someone@customer.example" }],
  body: "8BITMIME",
  smtpUtf8: false,
} as const;
export const origin = {
  connector: "AppRelay",
  sourceAddress: "127.0.0.1",
  helloName: "shop.example",
  sessionId: "0123456789ABCDEF",
} as const;
export const facts = { dotLines: 0, eightBit: false, endsWithCrlf: true };
const content = Buffer.alloc(contentBytes, "A line of mail that is as long as most.\r\n");

export interface SpoolReading {
  readonly perSecond: number;
  /** Of an accept. */
  readonly p50Ms: number;
  /** CPU of this process; microseconds a message. */
  readonly userMicros: number;
  readonly systemMicros: number;
  readonly loopMicros: number;
}

/** Settles what is accepted from now on. Resolves when all of it is. */
export function settleAll(spool: Spool): () => Promise<unknown> {
  let settled: Promise<unknown>[] = [];
  spool.onAccepted({
    hasRoom: () => true,
    take(claim) {
      settled.push(spool.settle(claim, [{ kind: "done", index: 0 }]));
    },
    waits: () => undefined,
  });
  return async () => {
    const all = settled;
    settled = [];
    await Promise.all(all);
  };
}

export async function acceptOne(spool: Spool): Promise<void> {
  const draft = spool.begin();
  draft.write(content);
  await spool.accept(draft, envelope, origin, facts);
}

/** `whenSettled`: of this spool (settleAll). */
export async function readSpool(
  spool: Spool,
  whenSettled: () => Promise<unknown>,
  writers: number,
  messages: number,
): Promise<SpoolReading> {
  let left = messages;
  const times: number[] = [];
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const loop = performance.eventLoopUtilization();
  const writer = async (): Promise<void> => {
    while (left-- > 0) {
      const since = performance.now();
      await acceptOne(spool);
      times.push(performance.now() - since);
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
  await whenSettled();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { active } = performance.eventLoopUtilization(loop);
  return {
    perSecond: messages / seconds,
    p50Ms: quantilesOf(times)(0.5),
    userMicros: user / messages,
    systemMicros: system / messages,
    loopMicros: (active * 1000) / messages,
  };
}
