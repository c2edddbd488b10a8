/**
 * The records of several nodes told as one, in the order of their clocks on the wall: limits are counted over all nodes, so what is
 * learned of them has to be. Decision 81. Pure. Cost: a comparison with each node for each entry, and memory for a segment of each.
 */
import type { TrafficClient, TrafficListener, TrafficProfile } from "./traffic-facts.ts";

/** One node's record, read piece by piece: tells the next one, a segment. False: there is no more. */
export type RecordPieces = (listener: TrafficListener) => boolean;

/** Behind the first start or gap that is told, in the time that is looked at. */
export interface MergedBreaks {
  readonly starts: number;
  readonly gaps: number;
}

/**
 * Tells them in one order. Instants are those of the wall, and do not go back: where a node's clock is set back, its entries wait
 * until it is as late again. `began` is told once, before all. When a node starts, or part of its record is lost, `left` tells that
 * nobody is connected to it any more, as of the last that is known of it: the others' connections and counts go on.
 */
export function tellMerged(
  records: readonly RecordPieces[],
  listener: TrafficListener,
  counted: { readonly fromMs: number; readonly toMs: number },
): MergedBreaks {
  const breaks = { starts: 0, gaps: 0 };
  const nodes = records.map((pieces, index) => new NodeRecord(pieces, index, records.length));
  const order: Order = { nowMs: 0, isUnderWay: false };
  for (const node of nodes) node.fill();
  for (let next = earliest(nodes); next !== undefined; next = earliest(nodes)) {
    const entry = next.take();
    if (entry.began !== undefined) {
      const { began, atMs } = entry;
      if (order.nowMs === 0) {
        order.nowMs = atMs;
        listener.began(atMs, 0, began.cause);
      } else if (!began.isFirst && atMs >= counted.fromMs && atMs < counted.toMs)
        breaks[began.cause === "start" ? "starts" : "gaps"]++;
    } else {
      if (entry.atMs > order.nowMs) order.nowMs = entry.atMs;
      entry.tell?.(listener, order);
    }
    // At once: how a run ended is told by what comes behind it, and belongs before what the others did next.
    next.fill();
  }
  return breaks;
}

interface Order {
  nowMs: number;
  /** More than who was there when reading began was told. */
  isUnderWay: boolean;
}

interface Entry {
  /** By the wall clock, not before the entry before it. */
  readonly atMs: number;
  readonly began?: { readonly cause: "start" | "gap"; readonly isFirst: boolean };
  readonly tell?: (listener: TrafficListener, order: Order) => void;
}

/** The first of those that are equal. */
function earliest(nodes: readonly NodeRecord[]): NodeRecord | undefined {
  let first: NodeRecord | undefined;
  for (const node of nodes) if (node.headMs < (first?.headMs ?? Infinity)) first = node;
  return first;
}

/** What one node's record tells, by the wall clock and with numbers that no other has, until it is taken. */
class NodeRecord implements TrafficListener {
  readonly #pieces: RecordPieces;
  readonly #index: number;
  readonly #nodes: number;
  #entries: Entry[] = [];
  #taken = 0;
  #isAtEnd = false;
  readonly #open = new Set<number>();
  #offsetMs = 0;
  #lastMs = 0;
  #isFirst = true;

  constructor(pieces: RecordPieces, index: number, nodes: number) {
    this.#pieces = pieces;
    this.#index = index;
    this.#nodes = nodes;
  }

  /** Of the entry that is next; Infinity: there is none. */
  get headMs(): number {
    return this.#entries[this.#taken]?.atMs ?? Infinity;
  }

  /** Reads on where nothing is left to take. */
  fill(): void {
    if (this.#taken < this.#entries.length || this.#isAtEnd) return;
    this.#entries = [];
    this.#taken = 0;
    while (this.#entries.length === 0 && !this.#isAtEnd) this.#isAtEnd = !this.#pieces(this);
  }

  take(): Entry {
    const entry = this.#entries[this.#taken++];
    if (entry === undefined) throw new Error("nothing is left of this record");
    return entry;
  }

  began(atMs: number, wallOffsetMs: number, cause: "start" | "gap"): void {
    for (const connection of this.#open)
      this.#entries.push({
        atMs: this.#lastMs,
        tell: (listener, { nowMs }) => listener.left(nowMs, connection),
      });
    this.#open.clear();
    this.#offsetMs = wallOffsetMs;
    this.#entries.push({ atMs: this.#wall(atMs), began: { cause, isFirst: this.#isFirst } });
    this.#isFirst = false;
  }

  clockSet(_atMs: number, wallOffsetMs: number): void {
    this.#offsetMs = wallOffsetMs;
  }

  connected(
    number: number,
    client: TrafficClient,
    profile: TrafficProfile,
    arrivedMs: number,
    enteredMs: number | undefined,
  ): void {
    const connection = this.#numbered(number);
    this.#open.add(connection);
    const arrived = arrivedMs + this.#offsetMs;
    const entered = enteredMs === undefined ? undefined : enteredMs + this.#offsetMs;
    this.#entries.push({
      atMs: this.#lastMs,
      tell(listener, { nowMs, isUnderWay }) {
        // Time does not go back for those of other nodes: then it is as if it had come now.
        const since = (ms: number): number => (isUnderWay ? Math.max(ms, nowMs) : ms);
        listener.connected(
          connection,
          client,
          profile,
          since(arrived),
          entered === undefined ? undefined : since(entered),
        );
      },
    });
  }

  arrived(...[atMs, number, client, welcome, refusal]: Parameters<TrafficListener["arrived"]>): void {
    const connection = this.#numbered(number);
    if (welcome !== "refused") this.#open.add(connection);
    this.#add(atMs, (listener, nowMs) => listener.arrived(nowMs, connection, client, welcome, refusal));
  }

  resumed(atMs: number, number: number): void {
    const connection = this.#numbered(number);
    this.#add(atMs, (listener, nowMs) => listener.resumed(nowMs, connection));
  }

  left(atMs: number, number: number): void {
    const connection = this.#numbered(number);
    this.#open.delete(connection);
    this.#add(atMs, (listener, nowMs) => listener.left(nowMs, connection));
  }

  described(atMs: number, number: number, profile: TrafficProfile): void {
    const connection = this.#numbered(number);
    this.#add(atMs, (listener, nowMs) => listener.described(nowMs, connection, profile));
  }

  message(atMs: number, number: number): void {
    const connection = this.#numbered(number);
    this.#add(atMs, (listener, nowMs) => listener.message(nowMs, connection));
  }

  messageHeld(atMs: number, number: number): void {
    const connection = this.#numbered(number);
    this.#add(atMs, (listener, nowMs) => listener.messageHeld(nowMs, connection));
  }

  kept(atMs: number, number: number, recipients: number, sizeBytes: number): void {
    const connection = this.#numbered(number);
    this.#add(atMs, (listener, nowMs) => listener.kept(nowMs, connection, recipients, sizeBytes));
  }

  refused(atMs: number, number: number, refusal: string): void {
    const connection = this.#numbered(number);
    this.#add(atMs, (listener, nowMs) => listener.refused(nowMs, connection, refusal));
  }

  lost(atMs: number, count: number): void {
    this.#add(atMs, (listener, nowMs) => listener.lost(nowMs, count));
  }

  #add(atMs: number, tell: (listener: TrafficListener, nowMs: number) => void): void {
    this.#entries.push({
      atMs: this.#wall(atMs),
      tell(listener, order) {
        order.isUnderWay = true;
        tell(listener, order.nowMs);
      },
    });
  }

  /** Runs begin to count anew, behind all having left. */
  #numbered(connection: number): number {
    return connection * this.#nodes + this.#index;
  }

  #wall(atMs: number): number {
    return (this.#lastMs = Math.max(this.#lastMs, atMs + this.#offsetMs));
  }
}
