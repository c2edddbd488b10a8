/** Policies that survive a restart: one that were lost with it would let mail of its domain go without for a while. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { timesOf, type KeptPolicy } from "../../core/mta-sts/kept-policy.ts";
import { readPolicy } from "../../core/mta-sts/policy.ts";
import type { Clock } from "../../ports/ports.ts";
import type { KeptValues } from "../../spool/store/kept-values.ts";

/** Times are those of `Clock.now()`. */
export interface PolicyStore {
  /** Resolves with what is kept and has not ended. Cost: a map's look-up for what was used lately, else a read. */
  get(domain: string): Promise<KeptPolicy | undefined>;
  /** The same as far as it is in memory. Cost: a look-up. */
  peek(domain: string): KeptPolicy | undefined;
  /** Counts at once; it is durable a moment later, unless its max_age is 0. */
  set(domain: string, policy: KeptPolicy): void;
  /**
   * What came from disk dated by a clock that was ahead is written by the one of now. For a process that has run for a while: its
   * clock is right. Never rejects.
   */
  settle(): Promise<void>;
  /** Waits for what is being written. Never rejects. */
  close(): Promise<void>;
}

/**
 * On disk. Of more domains those whose policies have ended are forgotten, and no other: who makes this relay write to many domains
 * must not thereby make it forget a policy that is in force. The newcomer's lasts as long as memory does then.
 */
const mostPolicies = 50_000;
/** So often it is looked which have ended, where there are that many; milliseconds. */
const sweepEveryMs = 3_600_000;
/** Read at one time. */
const sweepPortion = 500;
/** Characters of policies in memory. */
const mostInMemory = 4 * 1024 * 1024;
const prefix = "policy ";
/** By so much clocks are set every day; milliseconds. */
const setByMs = 60_000;

interface Written {
  readonly text: string;
  readonly id: string | undefined;
  /** Wall clock, milliseconds since 1970. */
  readonly fetchedAt: number;
  readonly until: number;
}

interface StoredPolicy {
  readonly kept: KeptPolicy;
  /** Dated later than now. */
  readonly isToCome: boolean;
}

/** `values`: opened with the first question. `failed` hears of what could not be read or written. */
export function createPolicyStore(
  values: () => Promise<KeptValues>,
  clock: Clock,
  failed: (fault: unknown) => void,
  most = mostPolicies,
): PolicyStore {
  const inMemory = new LRUCache<string, KeptPolicy>({
    maxSize: mostInMemory,
    sizeCalculation: ({ policy }) => 200 + policy.lines.reduce((sum, line) => sum + line.length, 0),
    dispose: (_, domain, why) => {
      if (why !== "set") writtenAhead.delete(domain);
    },
  });
  let opening: Promise<KeptValues | undefined> | undefined;
  /** As far as the disk has them. */
  const onDisk = new Set<string>();
  /** Of what is in memory: the wall clock's lead by which the disk has it; Infinity: by none that was right. */
  const writtenAhead = new Map<string, number>();
  const openedAt = clock.now();
  let sweptAt = -Infinity;
  let writing: Promise<void> = Promise.resolve();

  const ahead = (): number => clock.wall().getTime() - clock.now();

  const open = (): Promise<KeptValues | undefined> =>
    (opening ??= values()
      .then((opened) => {
        for (const key of opened.keys(prefix)) onDisk.add(key.slice(prefix.length));
        return opened;
      })
      .catch((fault: unknown) => {
        failed(fault);
        // The next question tries again.
        opening = undefined;
        return undefined;
      }));

  const keptOf = (written: Written): StoredPolicy | undefined => {
    const policy = readPolicy(written.text);
    if (policy.kind === "invalid") return undefined;
    const { isToCome, ...times } = timesOf(written, ahead(), clock.now(), openedAt);
    return { kept: { policy: policy.policy, id: written.id, ...times }, isToCome };
  };

  const read = (opened: KeptValues, domain: string): StoredPolicy | undefined => {
    try {
      const value = opened.get(prefix + domain);
      return value === undefined ? undefined : keptOf(JSON.parse(value.toString()) as Written);
    } catch (fault) {
      failed(fault);
      return undefined;
    }
  };

  const remove = async (opened: KeptValues, domains: readonly string[]): Promise<void> => {
    for (const domain of domains) onDisk.delete(domain);
    await opened.write(domains.map((domain) => ({ key: prefix + domain, value: undefined })));
  };

  /** Policies that have ended go. */
  const sweep = async (opened: KeptValues): Promise<void> => {
    sweptAt = clock.now();
    const all = [...onDisk];
    for (let at = 0; at < all.length; at += sweepPortion) {
      const ended = all.slice(at, at + sweepPortion).filter((domain) => {
        const stored = read(opened, domain);
        return stored === undefined || clock.now() >= stored.kept.until;
      });
      if (ended.length > 0) await remove(opened, ended);
      else await nextTurn();
    }
    if (onDisk.size >= most)
      failed(
        new Error(
          `it holds ${onDisk.size} policies in force: those of more domains last until the next restart`,
        ),
      );
  };

  const write = async (domain: string, policy: KeptPolicy): Promise<void> => {
    const opened = await open();
    if (opened === undefined) return;
    // It is not to be kept, and what was is no longer in force.
    if (policy.policy.maxAgeS === 0) return await remove(opened, [domain]);
    if (!onDisk.has(domain) && onDisk.size >= most) {
      if (clock.now() >= sweptAt + sweepEveryMs) await sweep(opened);
      if (onDisk.size >= most) return;
    }
    onDisk.add(domain);
    if (inMemory.has(domain)) writtenAhead.set(domain, ahead());
    const stored: Written = {
      text: policy.policy.lines.join("\n"),
      id: policy.id,
      fetchedAt: policy.fetchedAt + ahead(),
      until: policy.until + ahead(),
    };
    await opened.write([{ key: prefix + domain, value: Buffer.from(JSON.stringify(stored)) }]);
  };

  const later = (work: () => Promise<void>): Promise<void> => (writing = writing.then(work).catch(failed));

  /** `isSure`: what is dated by no clock that was right, too; this one has run for a while. */
  const rewrite = (isSure: boolean): Promise<void> =>
    later(async () => {
      for (const [domain, by] of writtenAhead) {
        const isBySame = Math.abs(ahead() - by) <= setByMs;
        const policy = isBySame || (by === Infinity && !isSure) ? undefined : inMemory.peek(domain);
        if (policy !== undefined && clock.now() < policy.until) await write(domain, policy);
      }
    });

  let lastAhead = ahead();
  /** The wall clock was set: at once, for nobody knows when this process ends. Cost: reading both clocks. */
  const followClock = (): void => {
    if (Math.abs(ahead() - lastAhead) <= setByMs) return;
    lastAhead = ahead();
    void rewrite(false);
  };

  return {
    async get(domain) {
      followClock();
      const known = inMemory.get(domain);
      if (known !== undefined) return clock.now() < known.until ? known : undefined;
      const opened = await open();
      if (opened === undefined || !onDisk.has(domain)) return undefined;
      const stored = read(opened, domain);
      if (stored === undefined || clock.now() >= stored.kept.until) return undefined;
      inMemory.set(domain, stored.kept);
      if (stored.isToCome) writtenAhead.set(domain, Infinity);
      return stored.kept;
    },
    peek: (domain) => inMemory.get(domain),
    set(domain, policy) {
      followClock();
      inMemory.set(domain, policy);
      void later(() => write(domain, policy));
    },
    settle: () => rewrite(true),
    close: () => rewrite(false),
  };
}
