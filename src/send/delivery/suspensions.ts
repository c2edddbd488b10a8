/** Which queues are suspended, kept in a file of the data directory so that a restart changes nothing. */
import { readFile } from "node:fs/promises";
import { createInTurn } from "../../ports/in-turn.ts";
import { replaceFile } from "../../ports/replace-file.ts";
import type { QueueName } from "../../spool/spool.ts";

export interface Suspensions {
  readonly queues: ReadonlySet<QueueName>;
  /** True when this changed something. Resolves when it is durable; rejects when the file cannot be written. */
  set(queue: QueueName, suspended: boolean): Promise<boolean>;
  /** Another queue has taken the place of a suspended one: it is suspended in its stead. Else as `set`. */
  carry(from: QueueName, to: QueueName): Promise<boolean>;
}

/** Reads the file; a missing one means that no queue is suspended. Rejects when it cannot be read or understood. */
export async function openSuspensions(file: string): Promise<Suspensions> {
  let queues: ReadonlySet<QueueName> = new Set(await storedNames(file));
  const inTurn = createInTurn();
  /** `alter` returns false when nothing changes. */
  const change = (alter: (names: Set<QueueName>) => boolean): Promise<boolean> =>
    inTurn(async () => {
      const next = new Set(queues);
      if (!alter(next)) return false;
      await replaceFile(file, `${JSON.stringify([...next])}\n`, { mode: 0o600 });
      queues = next;
      return true;
    });
  return {
    get queues() {
      return queues;
    },
    set: (queue, suspended) =>
      change((names) => {
        if (names.has(queue) === suspended) return false;
        if (suspended) names.add(queue);
        else names.delete(queue);
        return true;
      }),
    carry: (from, to) =>
      change((names) => {
        if (!names.delete(from)) return false;
        names.add(to);
        return true;
      }),
  };
}

async function storedNames(file: string): Promise<readonly QueueName[]> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const fault = new Error(`${file} does not hold a list of queue names`);
  let names: unknown;
  try {
    names = JSON.parse(text);
  } catch (error) {
    throw new Error(fault.message, { cause: error });
  }
  if (!Array.isArray(names)) throw fault;
  return names.map((name: unknown) => {
    if (typeof name !== "string") throw fault;
    return name;
  });
}
