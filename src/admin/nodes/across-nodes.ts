/**
 * One view of several nodes: wraps the handlers of this node so that what each has for itself is asked of all at once and made
 * one answer, and what is done to one's things is done where they are. A node that does not answer in time is named, and the
 * rest is shown. Where there is one node, nothing is wrapped.
 */
import type { IncomingMessage } from "node:http";
import { text as readText } from "node:stream/consumers";
import { Readable } from "node:stream";
import type { Administered, Asked, Handlers, Octets } from "../administered.ts";
import type { Caller } from "../caller.ts";
import type { Unanswered } from "../contract/across-nodes.ts";
import { spreadOperations, type SpreadName } from "../spread-operations.ts";
import type { StreamName } from "../contract.ts";
import { unknownNode } from "../handlers/nodes.ts";
import { AdminRefusal } from "../refusal.ts";
import { routes } from "../routes.ts";
import { serverSentEvents } from "../server-sent-events.ts";
import { mergedTrackingLines } from "./merged-tracking-lines.ts";
import { mergers, type Merger } from "./mergers.ts";
import type { RecordsOfNodes } from "../records-of-nodes.ts";
import type { GatheredFrom } from "./gather-records.ts";
import type { OneAnswer } from "./node-answers.ts";
import { NodeSilent, openNodeChannel, type NodeChannel, type NodePair } from "./node-channel.ts";
import { doneEverywhere } from "./done-everywhere.ts";

type View = NonNullable<Administered["relay"]["node"]>;
type Input = Readonly<Record<string, unknown>>;
type StreamOfOne = (input: Input, push: (item: unknown) => void, asked: Asked) => () => void;

export interface AcrossNodes {
  readonly handlers: Handlers;
  close(): void;
}

/** What the others have for a view; a failover of the database takes no longer to be told. */
const answerMs = 2_000;
/** What is done, or takes a while by itself. */
const workMs = 60_000;
/** A record begins to come when what was gathered in memory is on the other's disk. */
const recordMs = 10_000;

export function acrossNodes(
  own: Handlers,
  node: View,
  pair: () => NodePair | undefined,
  gathering: (from: Omit<GatheredFrom, "record">) => RecordsOfNodes,
): AcrossNodes {
  const channels = new Map<string, NodeChannel>();

  /** Where it is asked. Throws NodeSilent where it cannot be. */
  const reachable = (name: string): { readonly address: string; readonly fingerprint: string } => {
    const peer = node.peers.find((one) => one.name === name);
    if (peer === undefined) throw new NodeSilent("it is not known any more");
    if (peer.gone !== undefined) throw new NodeSilent(peer.gone === "down" ? "it is down" : "it is stopped");
    const { address, fingerprint } = peer;
    if (address === undefined || fingerprint === undefined)
      throw new NodeSilent("it has no listener for other nodes (admin.cluster)");
    return { address, fingerprint };
  };
  /** By the last look. */
  const placeOf = (name: string) => node.peers.find((one) => one.name === name && one.gone === undefined);
  /** Throws NodeSilent where it cannot be asked. */
  const channelTo = (name: string): NodeChannel => {
    const { address, fingerprint } = reachable(name);
    const key = `${name} ${address} ${fingerprint}`;
    const open = channels.get(key);
    if (open !== undefined) return open;
    for (const [old, channel] of channels)
      if (old.startsWith(`${name} `)) {
        channel.close();
        channels.delete(old);
      }
    const made = openNodeChannel({ name, address, fingerprint }, pair);
    channels.set(key, made);
    return made;
  };

  const respond = async (
    server: string,
    name: SpreadName,
    input: Input,
    caller: Caller,
    headMs: number,
    signal?: AbortSignal,
  ): Promise<IncomingMessage> => {
    const options = { caller, headMs, ...(signal === undefined ? {} : { signal }) };
    try {
      return await channelTo(server).ask(name, input, options);
    } catch (error) {
      if (!(error instanceof NodeSilent) || signal?.aborted === true) throw error;
      const before = placeOf(server);
      await lookNow();
      // It may have ended since the last look; then that is why.
      const { address, fingerprint } = reachable(server);
      // Or come back, and is asked where it is now.
      if (before?.address === address && before.fingerprint === fingerprint) throw error;
      return channelTo(server).ask(name, input, options);
    }
  };
  /** Without the database what was known last holds. */
  const lookNow = async (): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, answerMs);
    });
    await Promise.race([node.look().catch(() => undefined), late]);
    clearTimeout(timer);
  };
  const call = async (
    server: string,
    name: SpreadName,
    input: Input,
    { caller, signal }: Asked,
    headMs: number,
  ): Promise<unknown> => {
    // All of it in that time: nobody waits for half an answer.
    const all = AbortSignal.any([signal, AbortSignal.timeout(headMs)]);
    const response = await respond(server, name, input, caller, headMs, all);
    try {
      return JSON.parse(await readText(response));
    } catch (error) {
      throw new NodeSilent(`its answer broke off: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  /** The node's own spelling; undefined: this one. Throws AdminRefusal. */
  const otherOf = (server: string): string | undefined => {
    const same = (name: string): boolean => name.toLowerCase() === server.trim().toLowerCase();
    if (same(node.name)) return undefined;
    const found = node.peers.find(({ name }) => same(name));
    if (found === undefined) throw unknownNode(server, [{ name: node.name }, ...node.peers]);
    return found.name;
  };
  const silent = (server: string, error: unknown): AdminRefusal =>
    error instanceof NodeSilent
      ? new AdminRefusal("nodeAway", `${server} did not answer: ${error.message}`)
      : (error as AdminRefusal);

  const ofOne = async (name: SpreadName, server: string, input: Input, asked: Asked): Promise<unknown> => {
    const headMs = spreadOperations[name] === "each" && name !== "testConnectivity" ? answerMs : workMs;
    const other = otherOf(server);
    const output = await (other === undefined
      ? handlerOf(own, name)(input, asked)
      : call(other, name, input, asked, headMs).catch((error: unknown) => {
          throw silent(other, error);
        }));
    const merger = spreadOperations[name] === "each" ? mergers[name] : undefined;
    // With the name of the node in its rows.
    return merger?.merge([{ server: other ?? node.name, output: output as never }], input) ?? output;
  };

  /** Those that have a part of it. What was seen earlier is missing with a node that lives no more. */
  const others = (isOfNow: boolean): readonly string[] =>
    node.peers.filter(({ gone }) => !isOfNow || gone === undefined).map(({ name }) => name);

  const ofEach = async (name: SpreadName, merger: Merger, input: Input, asked: Asked): Promise<unknown> => {
    const wanted = { ...input, ...merger.asked?.(input) };
    const headMs = merger.takesLong === true ? workMs : answerMs;
    const servers = [node.name, ...others(merger.isOfNow === true)];
    const came = await Promise.allSettled(
      servers.map((server, index) =>
        index === 0
          ? Promise.resolve().then(() => handlerOf(own, name)(wanted, asked))
          : call(server, name, wanted, asked, headMs),
      ),
    );
    const { answers, unanswered, refusals } = sorted(servers, came);
    const [first] = refusals;
    if (answers.length === 0 && first !== undefined) throw first;
    // What is wrong with the question is wrong at all.
    const wrong = refusals.find(({ code }) => code === "invalidInput");
    if (wrong !== undefined) throw wrong;
    const merged = merger.merge(answers, input) as object;
    return unanswered.length === 0 ? merged : { ...merged, unanswered };
  };

  const recordsFor = (caller: Caller): RecordsOfNodes =>
    gathering({
      name: node.name,
      others: () => others(false),
      ask: (server, input, signal) => respond(server, "exportTrafficRecord", input, caller, recordMs, signal),
    });

  const follow = (
    name: StreamName & SpreadName,
    { server, ...input }: Input,
    push: (item: unknown) => void,
    asked: Asked,
  ): (() => void) => {
    const { caller } = asked;
    const ofOwn = own[name] as unknown as StreamOfOne;
    const followOwn = (given: Input, hear: (item: unknown) => void): (() => void) =>
      ofOwn(given, hear, asked);
    const ending = new AbortController();
    const followOther = async (of: string, hear: (item: unknown) => void): Promise<void> => {
      try {
        const response = await respond(of, name, input, caller, answerMs, ending.signal);
        try {
          for await (const data of serverSentEvents(response)) hear(JSON.parse(data));
        } finally {
          response.destroy();
        }
      } catch {
        // Who looks at it sees it missing in what is asked beside.
      }
    };
    if (typeof server === "string") {
      const other = otherOf(server);
      // Rows say whose they are, as those that are asked for do.
      const isOfRows = spreadOperations[name] === "each" && mergers[name]?.follow === undefined;
      const tell = isOfRows
        ? (item: unknown) => push({ ...(item as object), server: other ?? node.name })
        : push;
      if (other === undefined) return followOwn(input, tell);
      void followOther(other, tell);
      return () => ending.abort();
    }
    if (spreadOperations[name] === "records")
      return ofOwn(input, push, { ...asked, recordsOfNodes: recordsFor(caller) });
    const joined = mergers[name]?.follow?.(push, [node.name, ...others(true)]);
    const hear = (of: string) => (item: unknown) =>
      joined === undefined ? push({ ...(item as object), server: of }) : joined.hear(of, item);
    const stop = followOwn(input, hear(node.name));
    for (const of of others(true)) void followOther(of, hear(of));
    return () => {
      ending.abort();
      joined?.end();
      stop();
    };
  };

  const octets = async (name: SpreadName, { server, ...input }: Input, asked: Asked): Promise<Octets> => {
    const handler = own[name as "exportMessageTracking"] as (
      input: Input,
      asked: Asked,
    ) => Octets | Promise<Octets>;
    const ofOther = async (other: string): Promise<Octets> => {
      const response = await respond(other, name, input, asked.caller, workMs, asked.signal);
      const fileName = /filename="([^"]*)"/.exec(response.headers["content-disposition"] ?? "")?.[1] ?? "";
      return { fileName, chunks: response };
    };
    const other = typeof server === "string" ? otherOf(server) : undefined;
    if (other !== undefined)
      return ofOther(other).catch((error: unknown) => {
        throw silent(other, error);
      });
    const mine = await handler(input, asked);
    if (typeof server === "string" || spreadOperations[name] === "one") return mine;
    // A file that says nothing of what is missing would be taken for whole.
    const all = [mine];
    for (const of of others(true))
      all.push(
        await ofOther(of).catch((error: unknown) => {
          throw silent(of, error);
        }),
      );
    const most = input["resultSize"] as number | undefined;
    return {
      fileName: mine.fileName,
      chunks: Readable.from(
        mergedTrackingLines(
          all.map(({ chunks }) => chunks),
          most,
        ),
      ),
    };
  };

  const wrapped: Record<string, unknown> = { ...own };
  for (const name of Object.keys(spreadOperations) as SpreadName[]) {
    if ("stream" in routes[name]) {
      wrapped[name] = (input: Input, push: (item: unknown) => void, asked: Asked) =>
        follow(name as StreamName & SpreadName, input, push, asked);
      continue;
    }
    if ("octets" in routes[name]) {
      wrapped[name] = (input: Input, asked: Asked) => octets(name, input, asked);
      continue;
    }
    wrapped[name] = async ({ server, ...input }: Input, asked: Asked): Promise<unknown> => {
      if (typeof server === "string") return ofOne(name, server, input, asked);
      const merger = mergers[name];
      if (spreadOperations[name] === "each" && merger !== undefined)
        return ofEach(name, merger, input, asked);
      if (spreadOperations[name] === "every")
        return doneEverywhere(name, input, {
          own: () => handlerOf(own, name)(input, asked) as object,
          others: others(true),
          ask: (of, given) => call(of, name, given, asked, workMs),
        });
      return handlerOf(own, name)(
        input,
        spreadOperations[name] === "records" ? { ...asked, recordsOfNodes: recordsFor(asked.caller) } : asked,
      );
    };
  }
  return {
    handlers: wrapped as unknown as Handlers,
    close() {
      for (const channel of channels.values()) channel.close();
    },
  };
}

function handlerOf(own: Handlers, name: SpreadName): (input: Input, asked: Asked) => unknown {
  return own[name] as unknown as (input: Input, asked: Asked) => unknown;
}

/** Throws what is neither an answer, a refusal, nor a silence: a fault of this node. */
export function sorted(
  servers: readonly string[],
  came: readonly PromiseSettledResult<unknown>[],
): {
  readonly answers: readonly OneAnswer[];
  readonly unanswered: Unanswered;
  readonly refusals: readonly AdminRefusal[];
} {
  const answers: OneAnswer[] = [];
  const unanswered: Unanswered = [];
  const refusals: AdminRefusal[] = [];
  const isTakenHere = came[0]?.status === "fulfilled";
  for (const [index, one] of came.entries()) {
    const server = servers[index] ?? "";
    if (one.status === "fulfilled") answers.push({ server, output: one.value as never });
    else if (one.reason instanceof NodeSilent) unanswered.push({ server, reason: one.reason.message });
    else if (one.reason instanceof AdminRefusal && index > 0 && one.reason.code === "fault")
      unanswered.push({ server, reason: one.reason.message });
    // The same question was taken here: it runs another release, which asks otherwise.
    else if (one.reason instanceof AdminRefusal && one.reason.code === "invalidInput" && isTakenHere)
      unanswered.push({ server, reason: `it does not take the question: ${one.reason.message}` });
    else if (one.reason instanceof AdminRefusal) refusals.push(one.reason);
    else throw one.reason;
  }
  return { answers, unanswered, refusals };
}
