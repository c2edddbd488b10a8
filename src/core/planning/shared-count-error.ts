/**
 * A limit that many nodes keep together, each knowing of the others what was so a while ago: how far it is overstepped, and whom
 * it refuses without need. A node knows its own connections at once. Connections come at random, to nodes at random.
 */
import { Pending, type Due } from "../what-if/pending.ts";
import { seeded } from "./plan.ts";

export interface SharedCountPlan {
  readonly nodes: number;
  /** Connections of the source at once, all nodes together. */
  readonly limit: number;
  /** That it wants at once, on average. */
  readonly wanted: number;
  readonly connectionMs: number;
  readonly lagMs: number;
  readonly connections: number;
  readonly seed: number;
}

/** Each lag, and each connection, several times over: what is not known yet at the start must not decide. */
const timesOver = 10;
const leastConnections = 50_000;
const mostConnections = 1_000_000;

/** How many connections tell enough, and whether time allows for them. */
export function countedConnections({
  wanted,
  connectionMs,
  lagMs,
}: Pick<SharedCountPlan, "wanted" | "connectionMs" | "lagMs">): {
  readonly connections: number;
  readonly isShort: boolean;
} {
  const enough = Math.ceil((timesOver * (lagMs + connectionMs) * wanted) / Math.max(1, connectionMs));
  return {
    connections: Math.min(mostConnections, Math.max(leastConnections, enough)),
    isShort: enough > mostConnections,
  };
}

export interface SharedCountError {
  readonly lagMs: number;
  /** Most open at once. */
  readonly highest: number;
  /** Of those let in, that an exact count would have refused. */
  readonly overshootPart: number;
  /** Of all, refused though there was a place. */
  readonly needlessPart: number;
}

interface Change extends Due {
  readonly kind: "left" | "known";
  readonly node: number;
  readonly by: number;
}

export function sharedCountError(plan: SharedCountPlan): SharedCountError {
  const { nodes, limit, wanted, connectionMs, lagMs, connections, seed } = plan;
  const random = seeded(seed);
  const gapMs = connectionMs / Math.max(wanted, 0.001);
  const own = new Int32Array(nodes);
  /** Of each node, what all others know of it. */
  const known = new Int32Array(nodes);
  let [open, knownOfAll, order] = [0, 0, 0];
  let [highest, over, needless, admitted] = [0, 0, 0, 0];
  const pending = new Pending<Change>();
  const changes = (node: number, by: number, atMs: number): void => {
    own[node] = (own[node] ?? 0) + by;
    open += by;
    pending.push({ kind: "known", node, by, atMs: atMs + lagMs, order: order++ });
  };
  let now = 0;
  for (let each = 0; each < connections; each++) {
    now += -Math.log(1 - random()) * gapMs;
    while (pending.nextMs <= now) {
      const change = pending.pop();
      if (change === undefined) break;
      if (change.kind === "left") changes(change.node, -1, change.atMs);
      else {
        known[change.node] = (known[change.node] ?? 0) + change.by;
        knownOfAll += change.by;
      }
    }
    const node = Math.floor(random() * nodes);
    const seen = knownOfAll - (known[node] ?? 0) + (own[node] ?? 0);
    if (seen >= limit) {
      if (open < limit) needless++;
      continue;
    }
    admitted++;
    if (open >= limit) over++;
    changes(node, 1, now);
    highest = Math.max(highest, open);
    pending.push({
      kind: "left",
      node,
      by: -1,
      atMs: now - Math.log(1 - random()) * connectionMs,
      order: order++,
    });
  }
  return {
    lagMs,
    highest,
    overshootPart: admitted === 0 ? 0 : over / admitted,
    needlessPart: needless / connections,
  };
}
