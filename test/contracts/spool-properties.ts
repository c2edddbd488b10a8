/**
 * Two spools through the same random life: the memory spool is the specification, so after each step a durable one must
 * hold the same mail in the same places, over restarts and crashes too. `SPOOL_SEED` repeats a run.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  submissionQueue,
  type Claim,
  type OldMessages,
  type RecipientChange,
} from "../../src/spool/spool.ts";
import type { NewAnswer } from "../../src/spool/spool-answers.ts";
import { createFakeClock, type FakeClock } from "../../src/testing/fake-clock.ts";
import { createMemorySpool } from "../../src/testing/memory-spool.ts";
import {
  envelopeTo,
  oneRound,
  origin,
  plainFacts,
  readContent,
  type WholeSpool,
} from "../../src/testing/spool-messages.ts";

const seed = Number(process.env["SPOOL_SEED"] ?? Date.now() % 2 ** 31);
const names = [submissionQueue, "q", "r"];
const pick = fc.nat(1000);
const queue = fc.constantFrom(...names);
const soon = fc.constantFrom(0, 1, 50, 5000);
const keys = [0, 1, 2].map((n) => ({ scope: "s", key: `k${n}` }));
const key = fc.constantFrom(...keys);
const result = fc.oneof(
  fc.constant("done" as const),
  fc.constant("leave" as const),
  fc.record({ queue, afterMs: soon }),
);
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("accept" as const),
      recipients: fc.integer({ min: 1, max: 3 }),
      bytes: fc.constantFrom(10, 200),
      fresh: fc.boolean(),
      answer: fc.option(fc.record({ key, windowMs: fc.constantFrom(40, 6_000, 30_000) }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("begin" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("finish" as const), pick, keep: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("claim" as const), queue, limit: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("claimMessage" as const), queue, pick }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      pick,
      results: fc.array(result, { minLength: 3, maxLength: 3 }),
      report: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("release" as const),
      pick,
      afterMs: fc.option(soon, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("setAside" as const), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("suspend" as const), queue, pick, on: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("resubmit" as const),
      queue,
      suspendedToo: fc.boolean(),
      to: queue,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("walk" as const),
      ageMs: fc.constantFrom(0, 40, 3000),
      limit: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("advance" as const), ms: soon }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("restart" as const, "crash" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** One spool with what its user has in hand, in the same order on both sides. */
interface Side {
  spool: WholeSpool;
  readonly claims: Claim[];
  readonly drafts: ReturnType<WholeSpool["begin"]>[];
  old: OldMessages;
  hasRoom: boolean;
}

const chosen = <One>(from: readonly One[], at: number): One | undefined =>
  from[at % Math.max(1, from.length)];
const shown = async (claim: Claim) => [
  claim.message,
  claim.queue,
  claim.recipients,
  (await readContent(claim.content)).toString(),
];

function listen(side: Side): void {
  side.spool.onAccepted({
    hasRoom: () => side.hasRoom,
    take: (claim) => side.claims.push(claim),
    waits: () => undefined,
  });
  side.old = side.spool.walkOld();
}

async function messageId(side: Side, at: number): Promise<number> {
  const all: number[] = [];
  for (const name of names)
    for (const { message } of (await side.spool.list(name, 1000)).messages) all.push(message.id);
  return (
    chosen(
      [...new Set(all)].sort((a, b) => a - b),
      at,
    ) ?? 1
  );
}

/** Does one step; what it answers is compared. */
async function take(side: Side, one: Step, now: number): Promise<unknown> {
  const { spool, claims, drafts } = side;
  const accept = (draft: (typeof drafts)[number], recipients: number, answer?: NewAnswer) =>
    spool.accept(
      draft,
      envelopeTo(...Array.from({ length: recipients }, (_, n) => `r${n}@test`)),
      origin,
      plainFacts,
      { answer },
    );
  switch (one.do) {
    case "accept": {
      side.hasRoom = one.fresh;
      const asked = one.answer && (await spool.answers.ask(one.answer.key));
      if (asked?.kind === "answered") return asked.kept;
      const draft = spool.begin();
      draft.write(Buffer.alloc(one.bytes, "x"));
      if (one.answer === undefined || asked?.kind !== "first") return accept(draft, one.recipients);
      const fingerprint = Buffer.alloc(32, draft.id % 251);
      const answer = { turn: asked.turn, fingerprint, answer: `${draft.id}`, windowMs: one.answer.windowMs };
      return accept(draft, one.recipients, answer);
    }
    case "begin":
      return drafts.push(spool.begin());
    case "finish": {
      const draft = chosen(drafts, one.pick);
      if (draft === undefined) return undefined;
      drafts.splice(drafts.indexOf(draft), 1);
      side.hasRoom = false;
      return one.keep ? accept(draft, 1) : draft.discard();
    }
    case "claim": {
      const given = await spool.claim(one.queue, one.limit, now);
      claims.push(...given);
      return Promise.all(given.map(shown));
    }
    case "claimMessage": {
      const given = await spool.claimMessage(one.queue, await messageId(side, one.pick));
      if (typeof given === "string") return given;
      claims.push(given);
      return shown(given);
    }
    case "settle": {
      const claim = chosen(claims, one.pick);
      if (claim === undefined) return undefined;
      claims.splice(claims.indexOf(claim), 1);
      side.hasRoom = false;
      const changes = claim.recipients.flatMap(({ index, attempts }, n): RecipientChange[] => {
        const came = one.results[n % 3] ?? "leave";
        if (came === "leave") return [];
        if (came === "done") return [{ kind: "done", index }];
        const dueAt = now + came.afterMs;
        return [
          { kind: "keep", index, queue: came.queue, dueAt, attempts: attempts + 1, delayReported: false },
        ];
      });
      const report = { envelope: envelopeTo("from@test"), content: Buffer.alloc(200, "y"), origin };
      const outcome = await spool.settle(claim, changes, one.report ? [report] : []);
      // An ended claim tells it, and changes nothing.
      expect(await spool.settle(claim, changes)).toBe("lost");
      return outcome;
    }
    case "release": {
      const claim = chosen(claims, one.pick);
      if (claim === undefined) return undefined;
      claims.splice(claims.indexOf(claim), 1);
      return spool.release(claim, one.afterMs === undefined ? undefined : now + one.afterMs);
    }
    case "setAside": {
      const claim = chosen(claims, one.pick);
      if (claim === undefined) return undefined;
      await spool.setAside(claim, "torn");
      return undefined;
    }
    case "suspend":
      return spool.suspend(one.queue, await messageId(side, one.pick), one.on);
    case "resubmit":
      return spool.resubmit(one.queue, one.suspendedToo, one.to);
    case "walk": {
      const met = await oneRound(side.old, now - one.ageMs + 1, one.limit);
      for (const claim of met) spool.release(claim);
      return met.map(({ message, queue: name }) => [message.id, name]);
    }
    case "advance":
    case "restart":
    case "crash":
      return undefined;
  }
}

/** All that can be seen of a spool. */
async function seen({ spool }: Side, now: number): Promise<unknown> {
  const places = new Map<string, unknown>();
  for (const name of names) places.set(name, (await spool.list(name, 1000)).messages);
  const answers: unknown[] = [];
  for (const one of keys) {
    const asked = await spool.answers.ask(one);
    if (asked.kind === "first") asked.turn.end();
    answers.push(asked.kind === "answered" ? asked.kept : asked.kind);
  }
  return {
    answers,
    size: spool.size,
    places: [...places],
    oldest: await spool.oldestSince(),
    deferred: await Promise.all(names.map((name) => spool.countDeferred(name, now))),
    queues: [...spool.queues()].sort((a, b) => (a.queue < b.queue ? -1 : 1)),
  };
}

/** What an implementation brings. */
export interface LivingSpool {
  readonly spool: WholeSpool;
  /** Closed, and opened again. */
  restart(): Promise<WholeSpool>;
  /** What is durable at this moment, opened again; nothing is waited for that has not resolved. */
  crash(): Promise<WholeSpool>;
  end(): Promise<void>;
}

export function describeSpoolProperties(under: {
  readonly name: string;
  readonly numRuns: number;
  readonly maxSteps: number;
  /** What was released for later is so on disk. */
  readonly keepsReleases: boolean;
  open(options: { readonly clock: FakeClock; readonly inlineLimitBytes: number }): Promise<LivingSpool>;
}): void {
  const { keepsReleases, maxSteps } = under;
  const inlineLimitBytes = 100;
  const made = (spool: WholeSpool): Side => ({
    spool,
    claims: [],
    drafts: [],
    old: spool.walkOld(),
    hasRoom: false,
  });

  test(`${under.name} does as the specification says (SPOOL_SEED=${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: maxSteps }), async (steps) => {
        const clock = createFakeClock();
        const living = await under.open({ clock, inlineLimitBytes });
        let kept = createMemorySpool({ clock, inlineLimitBytes, keepsReleases });
        let specified = made(kept);
        let durable = made(living.spool);
        listen(specified);
        listen(durable);
        try {
          for (const one of steps) {
            if (one.do === "advance") await clock.advance(one.ms);
            if (one.do === "restart" || one.do === "crash") {
              durable = made(await living[one.do]());
              await kept.close();
              kept = createMemorySpool({ clock, inlineLimitBytes, keepsReleases, earlier: kept });
              specified = made(kept);
              listen(specified);
              listen(durable);
              expect(durable.spool.recovered).toBe(specified.spool.recovered);
            }
            const now = clock.now();
            const [wanted, came] = [await take(specified, one, now), await take(durable, one, now)];
            expect(came, JSON.stringify(one)).toEqual(wanted);
            expect(await seen(durable, now), JSON.stringify(one)).toEqual(await seen(specified, now));
          }
        } finally {
          await Promise.all([living.end(), kept.close()]);
        }
      }),
      { seed, numRuns: Number(process.env["SPOOL_RUNS"] ?? under.numRuns) },
    );
  });
}
