/** Clients that come to all nodes, stay for a moment where they are let in, and count how many were in at once. */
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface Visitors {
  /** Let in at once, over all nodes. */
  readonly most: number;
  /** When that was, and how many of them at which node. */
  readonly mostWhen: string;
  /** Let in so far. */
  readonly letIn: number;
  /** Those that this node let in before are not counted any more: it is paused, and has lost its places. */
  leaveOut(node: string): void;
  stop(): Promise<void>;
}

export interface VisitedNode {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** Longer than any greeting takes. */
const patienceMs = 15_000;

/** `each`: visitors at each node. They stay for `stayMs` at most, or until the node sends them away. */
export function visit(
  nodes: readonly VisitedNode[],
  each: number,
  stayMs: number,
  random: () => number,
): Visitors {
  const inside = new Map<symbol, string>();
  const ends = new AbortController();
  let most = 0;
  let mostWhen = "";
  let letIn = 0;

  const once = ({ name, address, port }: VisitedNode): Promise<void> =>
    new Promise((resolve) => {
      const me = Symbol(name);
      const socket = connect({ host: address, port });
      const leave = (): void => {
        inside.delete(me);
        socket.destroy();
        resolve();
      };
      let timer = setTimeout(leave, patienceMs);
      socket.on("error", leave).once("close", () => {
        clearTimeout(timer);
        leave();
      });
      let said = "";
      socket.on("data", (octets: Buffer) => {
        said += octets.toString("latin1");
        if (!said.startsWith("220 ") || said.includes("\n421 ")) return leave();
        if (inside.has(me)) return;
        inside.set(me, name);
        letIn++;
        if (inside.size > most) {
          most = inside.size;
          mostWhen = `${new Date().toISOString()}, ${byNode([...inside.values()])}`;
        }
        clearTimeout(timer);
        timer = setTimeout(leave, stayMs * random());
      });
    });

  const visitor = async (node: VisitedNode): Promise<void> => {
    while (!ends.signal.aborted) {
      await once(node);
      await delay(20 + 60 * random());
    }
  };
  const all = nodes.flatMap((node) => Array.from({ length: each }, () => visitor(node)));
  return {
    get most() {
      return most;
    },
    get mostWhen() {
      return mostWhen;
    },
    get letIn() {
      return letIn;
    },
    leaveOut(node) {
      for (const [one, of] of inside) if (of === node) inside.delete(one);
    },
    async stop() {
      ends.abort();
      await Promise.all(all);
    },
  };
}

function byNode(names: readonly string[]): string {
  return [...new Set(names)]
    .sort()
    .map((name) => `${name}: ${names.filter((one) => one === name).length}`)
    .join(", ");
}
