/** Policies that survive a restart: one that were lost with it would let mail of its domain go without for a while. */
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

/** Of more domains the one whose policy was fetched first is forgotten. */
const mostPolicies = 10_000;
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
): PolicyStore {
  const inMemory = new LRUCache<string, KeptPolicy>({
    maxSize: mostInMemory,
    sizeCalculation: ({ policy }) => 200 + policy.lines.reduce((sum, line) => sum + line.length, 0),
  });
  let opening: Promise<KeptValues | undefined> | undefined;
  /** In the order in which they were written; as far as the disk has them. */
  const onDisk = new Set<string>();
  let writing: Promise<void> = Promise.resolve();

  const ahead = (): number => clock.wall().getTime() - clock.now();

  const open = (): Promise<KeptValues | undefined> =>
    (opening ??= values().then(
      (opened) => {
        for (const key of opened.keys(prefix)) onDisk.add(key.slice(prefix.length));
        return opened;
      },
      (fault: unknown) => {
        failed(fault);
        // The next question tries again.
        opening = undefined;
        return undefined;
      },
    ));

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

  const write = async (domain: string, policy: KeptPolicy): Promise<void> => {
    const opened = await open();
    if (opened === undefined) return;
    onDisk.delete(domain);
    // It is not to be kept, and what was is no longer in force.
    if (policy.policy.maxAgeS === 0) return await opened.write([{ key: prefix + domain, value: undefined }]);
    onDisk.add(domain);
    const [oldest] = onDisk;
    const isOneTooMany = onDisk.size > mostPolicies && oldest !== undefined;
    if (isOneTooMany) onDisk.delete(oldest);
    const stored: Written = {
      text: policy.policy.lines.join("\n"),
      id: policy.id,
      fetchedAt: policy.fetchedAt + ahead(),
      until: policy.until + ahead(),
    };
    await opened.write([
      { key: prefix + domain, value: Buffer.from(JSON.stringify(stored)) },
      ...(isOneTooMany ? [{ key: prefix + oldest, value: undefined }] : []),
    ]);
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
