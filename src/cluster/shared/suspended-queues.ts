/**
 * Which queues are suspended, for all nodes: said on one it holds on the others at their next look, and at the start of each
 * (src/send/delivery/suspensions.ts is the same in a file).
 */
import { createInTurn } from "../../ports/in-turn.ts";
import type { Suspensions } from "../../send/delivery/suspensions.ts";
import type { QueueName } from "../../spool/spool.ts";
import type { Database } from "../database/database.ts";
import type { Looks } from "./looks.ts";

export interface SharedSuspensions extends Suspensions {
  /** Hears what another node has suspended or resumed. */
  onChanged(listener: (queue: QueueName, suspended: boolean) => void): void;
}

interface Row {
  readonly queue: string;
  readonly successor: string | null;
}

/**
 * `own`: what this machine had in a file before it was a node is all nodes' from now on. Rejects with DatabaseFault, and as
 * the file does.
 */
export async function openSharedSuspensions(parts: {
  readonly database: Pick<Database, "shared" | "name">;
  readonly looks: Looks;
  readonly own: Suspensions;
}): Promise<SharedSuspensions> {
  const { looks, own } = parts;
  const { shared: session, name } = parts.database;
  const inTurn = createInTurn();
  let queues: ReadonlySet<QueueName> = new Set();
  let listener: (queue: QueueName, suspended: boolean) => void = () => undefined;

  const call = async (text: string, ...values: readonly unknown[]): Promise<boolean> => {
    const [row] = await session.query<{ changed: boolean }>(`select ${text} as changed`, values);
    return row?.changed === true;
  };
  const read = async (): Promise<void> => {
    const rows = await session.query<Row>(`select queue, successor from ${name("suspended_queue")}`);
    const next = new Set(rows.flatMap(({ queue, successor }) => (successor === null ? [queue] : [])));
    const before = queues;
    // One that another took the place of is carried over by the configuration that says so, not resumed by this.
    const carried = new Set(rows.flatMap(({ queue, successor }) => (successor === null ? [] : [queue])));
    for (const queue of before) if (carried.has(queue)) next.add(queue);
    queues = next;
    for (const queue of next) if (!before.has(queue)) listener(queue, true);
    for (const queue of before) if (!next.has(queue)) listener(queue, false);
  };
  // In turn with changes of this node's: a look that began before one would undo it.
  const look = (): Promise<void> => inTurn(read);

  const set = (queue: QueueName, suspended: boolean): Promise<boolean> =>
    inTurn(async () => {
      const changed = await call(`${name("suspend_queue_1")}($1, $2)`, queue, suspended);
      const next = new Set(queues);
      if (suspended) next.add(queue);
      else next.delete(queue);
      queues = next;
      return changed;
    });

  await look();
  for (const queue of own.queues) {
    await set(queue, true);
    await own.set(queue, false);
  }
  looks.add(look);
  return {
    get queues() {
      return queues;
    },
    set,
    carry: (from, to) =>
      inTurn(async () => {
        const changed = await call(`${name("carry_suspension_1")}($1, $2)`, from, to);
        const next = new Set(queues);
        if (next.delete(from)) next.add(to);
        queues = next;
        return changed;
      }),
    onChanged(given) {
      listener = given;
    },
  };
}
