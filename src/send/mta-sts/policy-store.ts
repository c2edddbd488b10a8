/** Policies that survive a restart: one that were lost with it would let mail of its domain go without for a while. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import type { KeptPolicy } from "../../core/mta-sts/kept-policy.ts";
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

interface Written {
  readonly text: string;
  readonly id: string | undefined;
  /** Wall clock, milliseconds since 1970. */
  readonly fetchedAt: number;
  readonly until: number;
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
  });
  let opening: Promise<KeptValues | undefined> | undefined;
  /** As far as the disk has them. */
  const onDisk = new Set<string>();
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

  const read = (opened: KeptValues, domain: string): KeptPolicy | undefined => {
    try {
      const value = opened.get(prefix + domain);
      return value === undefined
        ? undefined
        : keptOf(JSON.parse(value.toString()) as Written, clock, ahead());
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
        return stored === undefined || clock.now() >= stored.until;
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
    const stored: Written = {
      text: policy.policy.lines.join("\n"),
      id: policy.id,
      fetchedAt: policy.fetchedAt + ahead(),
      until: policy.until + ahead(),
    };
    await opened.write([{ key: prefix + domain, value: Buffer.from(JSON.stringify(stored)) }]);
  };

  return {
    async get(domain) {
      const known = inMemory.get(domain);
      if (known !== undefined) return clock.now() < known.until ? known : undefined;
      const opened = await open();
      if (opened === undefined || !onDisk.has(domain)) return undefined;
      const stored = read(opened, domain);
      if (stored === undefined || clock.now() >= stored.until) return undefined;
      inMemory.set(domain, stored);
      return stored;
    },
    peek: (domain) => inMemory.get(domain),
    set(domain, policy) {
      inMemory.set(domain, policy);
      writing = writing.then(() => write(domain, policy)).catch(failed);
    },
    close: () => writing,
  };
}

/** A clock that was set back meanwhile lengthens no policy beyond its max_age. */
function keptOf(
  { text, id, fetchedAt, until }: Written,
  clock: Clock,
  ahead: number,
): KeptPolicy | undefined {
  const read = readPolicy(text);
  if (read.kind === "invalid") return undefined;
  const longest = until - fetchedAt;
  return {
    policy: read.policy,
    id,
    fetchedAt: fetchedAt - ahead,
    until: Math.min(until - ahead, clock.now() + longest),
  };
}
