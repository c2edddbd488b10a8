/** Questions to the DNS: several servers in turn, each question once at a time, answers kept as long as they say. */
import { isDeepStrictEqual } from "node:util";
import { LRUCache } from "lru-cache";
import type { Clock } from "../ports/ports.ts";
import { createTurns } from "../ports/turns.ts";
import { queryName } from "./domain-name.ts";
import type { Exchange, Exchanged } from "./exchange.ts";
import { keepUnknownMs } from "./keep-time.ts";
import type { Lookup, RecordType, Resolver } from "../ports/lookup.ts";
import type { NameServer } from "./name-server.ts";
import { createQuery, knowsNoExtension, type Query } from "./query-packet.ts";
import { longestAliasChain, readAnswer, type Alias } from "./read-answer.ts";

/** How long one server has for one question, at first; milliseconds. */
const serverTimeMs = 2_500;
/**
 * Nobody answered: each is asked once more, and has longer. Over a slow line, or with its caches empty, a server takes seconds
 * for everything, and mail would never leave (the C library's waits double, too). Who looks for a smart host waits 30 s in all.
 */
const laterTimeMs = (servers: number): number =>
  Math.max(serverTimeMs, Math.min(7_500, 16_500 / Math.max(1, servers)));
/**
 * Each question has a socket of its own. Mail for thousands of domains while no server answers would else take the file
 * descriptors that clients need. Enough for some hundred domains a second whose servers fail.
 */
const mostAtOnce = 500;
/** A server that did not answer is asked after all others for this time; milliseconds. */
const avoidMs = 30_000;
/** A server that does not know EDNS is asked without for this time; milliseconds. */
const plainMs = 600_000;

export interface ResolverOptions {
  readonly clock: Clock;
  /** In order of preference; asked for anew at each question, since a machine's servers change: the same list while they do not. */
  readonly servers: () => readonly NameServer[];
  readonly exchange: Exchange;
  /** Answers kept at most: five for a domain (its mail exchangers, a host's addresses and TLSA records, its policy). */
  readonly entries?: number;
  /** Of them, characters at most: whoever has a domain says how long its answers are, and of how many names there are some. */
  readonly characters?: number;
}

/** Of an answer without records: its name, twice, and what keeps it. */
const leastCharacters = 200;

function charactersOf({ lookup }: KeptLookup): number {
  if (lookup.kind !== "found") return leastCharacters;
  let sum = leastCharacters;
  for (const record of lookup.records) {
    if (typeof record === "string") sum += 20 + record.length;
    else sum += 60 + ("exchange" in record ? record.exchange : record.data).length;
  }
  return sum;
}

interface KeptLookup {
  readonly lookup: Lookup;
  readonly until: number;
}

export function createResolver({
  clock,
  servers,
  exchange,
  entries = 50_000,
  characters = 32 * 1024 * 1024,
}: ResolverOptions): Resolver {
  // Its tables are as long as they may become: where nothing is asked for, they need not be there.
  let answers: LRUCache<string, KeptLookup> | undefined;
  const kept = (): LRUCache<string, KeptLookup> =>
    (answers ??= new LRUCache({
      max: entries,
      maxSize: characters,
      sizeCalculation: charactersOf,
    }));
  const asking = new Map<string, Promise<Lookup>>();
  const avoided = new Map<string, number>();
  const plain = new Map<string, number>();
  let lastServers: readonly NameServer[] | undefined;
  let generation = 0;
  const turn = createTurns(mostAtOnce);

  /** Those to ask now. What others said before does not count any more. */
  const current = (): readonly NameServer[] => {
    const now = servers();
    if (now === lastServers) return now;
    if (lastServers !== undefined && !isDeepStrictEqual(now, lastServers)) {
      generation++;
      forgetAll();
    }
    lastServers = now;
    return now;
  };

  const forgetAll = (): void => {
    answers?.clear();
    asking.clear();
  };

  const inOrder = (): readonly NameServer[] => {
    const now = clock.now();
    const isAvoided = (server: NameServer): boolean => (avoided.get(keyOf(server)) ?? 0) > now;
    return current().toSorted((a, b) => Number(isAvoided(a)) - Number(isAvoided(b)));
  };

  /** Its time begins with its turn. */
  const askServer = (server: NameServer, query: Query, timeMs: number): Promise<Exchanged> =>
    turn(async () => {
      const patience = new AbortController();
      const timer = clock.after(timeMs, () => patience.abort());
      const exchanged = await exchange(server, query, patience.signal);
      timer.cancel();
      return exchanged;
    });

  /** Once more without EDNS where the server does not know it. */
  const askEitherWay = async (
    server: NameServer,
    name: string,
    type: RecordType,
    isPlain: boolean,
    timeMs: number,
  ): Promise<{ readonly query: Query; readonly exchanged: Exchanged }> => {
    const key = keyOf(server);
    const first = createQuery(name, type, !isPlain && (plain.get(key) ?? 0) <= clock.now());
    const exchanged = await askServer(server, first, timeMs);
    if (exchanged.kind !== "reply" || !knowsNoExtension(first, exchanged.packet))
      return { query: first, exchanged };
    plain.set(key, clock.now() + plainMs);
    const query = createQuery(name, type, false);
    return { query, exchanged: await askServer(server, query, timeMs) };
  };

  /** Each server in turn, until one knows. What one cannot find out, another may. */
  const ask = async (name: string, type: RecordType): Promise<Lookup | Alias> => {
    let failure: Lookup = { kind: "timeout", detail: "no server to ask is known", keepMs: keepUnknownMs };
    /** What stands between may let no EDNS through. */
    const silent = new Set<string>();
    for (const isLater of [false, true]) {
      const order = inOrder();
      const timeMs = isLater ? laterTimeMs(order.length) : serverTimeMs;
      for (const server of order) {
        const key = keyOf(server);
        const { query, exchanged } = await askEitherWay(server, name, type, silent.has(key), timeMs);
        if (exchanged.kind !== "reply") {
          avoided.set(key, clock.now() + avoidMs);
          if (exchanged.kind === "silent") silent.add(key);
          const kind = exchanged.kind === "silent" ? "timeout" : "malformed";
          failure = { kind, detail: exchanged.detail, keepMs: keepUnknownMs };
          continue;
        }
        avoided.delete(key);
        const answer = readAnswer(exchanged.packet, query, server.trusted);
        if (answer.kind !== "servfail" && answer.kind !== "refused") return answer;
        failure = answer;
      }
      if (failure.kind !== "timeout" && failure.kind !== "malformed") return failure;
    }
    return failure;
  };

  /** Some forwarders tell an alias and leave its target to the asker. */
  const askBehindAliases = async (asked: string, type: RecordType): Promise<Lookup> => {
    let name = asked;
    let isAuthenticated = true;
    let keepMs = Number.POSITIVE_INFINITY;
    for (let step = 0; step <= longestAliasChain; step++) {
      const answer = await ask(name, type);
      keepMs = Math.min(keepMs, answer.keepMs);
      if ("isAuthenticated" in answer) isAuthenticated &&= answer.isAuthenticated;
      if (answer.kind !== "alias")
        return "isAuthenticated" in answer ? { ...answer, isAuthenticated, keepMs } : answer;
      name = answer.target;
    }
    return { kind: "malformed", detail: `the aliases of ${asked} lead nowhere`, keepMs: keepUnknownMs };
  };

  const lookUp = (given: string, type: RecordType): Promise<Lookup> => {
    const name = queryName(given);
    if (name === undefined) {
      const detail = `${JSON.stringify(given)} is no name that the DNS could hold`;
      return Promise.resolve({ kind: "invalid-name", detail, keepMs: keepUnknownMs });
    }
    current();
    const key = `${type} ${name}`;
    const known = kept().get(key);
    if (known !== undefined && known.until > clock.now()) return Promise.resolve(known.lookup);
    const running = asking.get(key);
    if (running !== undefined) return running;
    const question = askBehindAliases(name, type)
      // A reply that nobody foresaw must not leave the name without an answer for ever.
      .catch((fault: unknown): Lookup => ({
        kind: "malformed",
        detail: String(fault),
        keepMs: keepUnknownMs,
      }))
      .then((lookup) => {
        // Forgotten meanwhile: whoever asks next wants a newer one.
        if (asking.get(key) === question) {
          asking.delete(key);
          kept().set(key, { lookup, until: clock.now() + lookup.keepMs });
        }
        return lookup;
      });
    asking.set(key, question);
    return question;
  };

  return {
    lookUp: <Type extends RecordType>(name: string, type: Type) =>
      lookUp(name, type) as Promise<Lookup<Type>>,
    forget(name) {
      if (name === undefined) return forgetAll();
      const known = queryName(name);
      for (const type of ["A", "AAAA", "CNAME", "MX", "TXT", "TLSA"] as const) {
        answers?.delete(`${type} ${known}`);
        asking.delete(`${type} ${known}`);
      }
    },
    generation() {
      current();
      return generation;
    },
  };
}

const keyOf = ({ address, port }: NameServer): string => `${address} ${port}`;
