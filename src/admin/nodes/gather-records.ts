/**
 * Copies of the other nodes' traffic records, in the data directory for as long as they are needed: a question is a pass over all of
 * them, or several. One question at a time, each node's copy bounded by what is free on the disk.
 */
import { mkdtemp, rm, mkdir, statfs } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import type { LogFamily } from "../../logs/log-files.ts";
import type { Relay } from "../../relay-contract.ts";
import type { Unanswered } from "../contract/across-nodes.ts";
import type { GatheredRecords, RecordsOfNodes } from "../records-of-nodes.ts";
import { AdminRefusal } from "../refusal.ts";
import { NodeSilent } from "./node-channel.ts";

export interface GatheredFrom {
  /** Of this node. */
  readonly name: string;
  /** Its own record, which knows what a copy of another's looks like. */
  readonly record: Pick<Relay["trafficRecord"], "receiveCopy">;
  /** The others, those that live no more among them. */
  readonly others: () => readonly string[];
  /** Rejects with NodeSilent, or AdminRefusal. */
  readonly ask: (
    server: string,
    input: { readonly from: string; readonly to: string },
    signal: AbortSignal,
  ) => Promise<IncomingMessage>;
}

/** Nothing came for so long: it does not answer. */
const silenceMs = 15_000;
/** Of what is free: a full disk keeps mail out. */
const roomPart = 0.25;
const folderName = "traffic-of-nodes";

/** What a kill left behind is removed. Never rejects. */
export async function openRecordsOfNodes(
  dataDirectory: string,
): Promise<(from: GatheredFrom) => RecordsOfNodes> {
  const folder = join(dataDirectory, folderName);
  await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  let turn: Promise<unknown> = Promise.resolve();
  return (from) => ({
    with(period, around, work) {
      const mine = turn.then(async () => {
        if (around.signal.aborted) throw new Error("nobody waits for the answer any more");
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const directory = await mkdtemp(join(folder, "asked-"));
        try {
          return await work(await gathered(from, directory, period, around));
        } finally {
          await rm(directory, { recursive: true, force: true }).catch(() => undefined);
        }
      });
      turn = mine.catch(() => undefined);
      return mine;
    },
  });
}

async function gathered(
  { name, record, others, ask }: GatheredFrom,
  directory: string,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  { signal, onPart }: { readonly signal: AbortSignal; readonly onPart: (part: number) => void },
): Promise<GatheredRecords> {
  const servers = others();
  const { bavail, bsize } = await statfs(directory);
  const mostBytes = Math.floor((bavail * bsize * roomPart) / Math.max(1, servers.length));
  const parts = servers.map(() => 0);
  const input = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  const came = await Promise.allSettled(
    servers.map(async (server, index) => {
      const silence = new AbortController();
      let timer = setTimeout(() => silence.abort(), silenceMs);
      const heard = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), silenceMs);
      };
      let response: IncomingMessage | undefined;
      try {
        response = await ask(server, input, AbortSignal.any([signal, silence.signal]));
        let bytes = 0;
        return await record.receiveCopy(response, join(directory, String(index)), {
          mostBytes,
          onBytes(more, ofBytes) {
            heard();
            bytes += more;
            parts[index] = Math.min(1, bytes / Math.max(1, ofBytes));
            onPart(parts.reduce((sum, part) => sum + part, 0) / parts.length);
          },
        });
      } catch (error) {
        if (silence.signal.aborted) throw new NodeSilent(`nothing came for ${silenceMs / 1000} s`);
        throw error;
      } finally {
        clearTimeout(timer);
        response?.destroy();
      }
    }),
  );
  // Who left does not wait for what is made of a part.
  if (signal.aborted) throw new Error("nobody waits for the answer any more");
  return resultOf(name, servers, came);
}

function resultOf(
  name: string,
  servers: readonly string[],
  came: readonly PromiseSettledResult<LogFamily>[],
): GatheredRecords {
  const others: LogFamily[] = [];
  const whose = [name];
  const unanswered: Unanswered = [];
  for (const [index, one] of came.entries()) {
    const server = servers[index] ?? "";
    if (one.status === "fulfilled") {
      others.push(one.value);
      whose.push(server);
    } else unanswered.push({ server, reason: reasonOf(one.reason) });
  }
  return { others, servers: whose, unanswered };
}

function reasonOf(error: unknown): string {
  if (error instanceof AdminRefusal && error.code === "notFound")
    return "its release does not hand out its traffic record";
  return error instanceof Error ? error.message : String(error);
}
