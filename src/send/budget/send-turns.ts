/**
 * Messages that wait for their turn because a budget lets them leave one by one. Applications get turns by their weight; some of the
 * oldest of each wait here, in memory, the rest is put off and waits on disk until it is worth while to ask again.
 */
import { hadTurn, joins, newShares, turnOf } from "../../core/policy/fair-shares.ts";
import { longestHoldMs } from "../../core/policy/retry-schedule.ts";
import type { SendLimits } from "../../core/policy/send-limits.ts";
import { paceOf } from "../../core/policy/send-pace.ts";
import type { MessageId } from "../../core/message/envelope.ts";
import type { Clock } from "../../ports/ports.ts";
import type { SendBudget } from "./send-budget.ts";

export interface Need {
  readonly budget: SendBudget;
  readonly limits: SendLimits;
}

export interface Turn {
  /** What waits. */
  readonly claim: object;
  readonly id: MessageId;
  readonly arrivedAt: number;
  readonly recipients: number;
  /** Whose turn it takes. */
  readonly application: string;
  /** How many that one takes while another of weight 1 takes one. */
  readonly weight: number;
  /** At least one. */
  readonly needs: readonly Need[];
  /** Its carrier. */
  readonly owner: object;
  /** It is its turn; `unreached` takes back recipients that the attempt did not reach. */
  begin(unreached: (recipients: number) => void): void;
  /** Its turn is a while off, because of `need`. */
  putOff(afterMs: number, need: Need, by: "pace" | "day"): void;
}

/** Of one application under the same budgets; the oldest first. */
interface Lane {
  readonly key: string;
  readonly application: string;
  readonly turns: Turn[];
  /** When the last of those on disk would have its turn, if it had all of them. */
  endsAt: number;
}

/** In memory for one lane: what leaves in a quarter of a minute. */
const leastInLane = 4;
const mostInLane = 64;
/** For those that wait for the disk. */
const unpacedMs = 20;
/** In memory for one carrier. */
export const mostTurnsWaiting = 192;

export class SendTurns {
  private readonly lanes = new Map<string, Lane>();
  private readonly shares = newShares();
  private readonly waiting = new Map<object, number>();
  private readonly clock: Clock;
  private readonly isKept: (need: Need, recipients: number) => boolean;
  private readonly spent: (need: Need) => void;
  /** Of those that came back before their turn. */
  private readonly turnsAt = new WeakMap<Turn, number>();
  private startedOverAt = 0;
  private timer: { at: number; cancel(): void } | undefined;

  /** `isKept`: so many recipients more stand on disk already; else it sees to it, and calls `look`. */
  constructor(
    clock: Clock,
    isKept: (need: Need, recipients: number) => boolean,
    spent: (need: Need) => void,
  ) {
    this.clock = clock;
    this.isKept = isKept;
    this.spent = spent;
  }

  ask(turn: Turn): void {
    for (const { budget } of turn.needs) {
      const before = budget.cameBack(turn.id);
      if (before !== undefined && before.since >= this.startedOverAt) this.turnsAt.set(turn, before.turnAt);
    }
    const lane = this.laneOf(turn);
    if (lane.turns.length === 0) joins(this.shares, lane.application);
    let at = lane.turns.length;
    while (at > 0 && (lane.turns[at - 1]?.arrivedAt ?? 0) > turn.arrivedAt) at--;
    lane.turns.splice(at, 0, turn);
    for (const { budget } of turn.needs) budget.waiting.set(turn.id, turn.recipients);
    this.waiting.set(turn.owner, this.waitingOf(turn.owner) + 1);
    this.look();
    if (lane.turns.length > roomOf(turn.needs)) this.putOffLast(lane);
    else if (this.waitingOf(turn.owner) > mostTurnsWaiting) this.putOffLast(this.longestLane(turn.owner));
  }

  /** Begins what may leave now, and sees to it that it is called again when the next may. */
  look(): void {
    for (;;) {
      const now = this.clock.now();
      let next: Lane | undefined;
      let soonest = Infinity;
      for (const lane of this.lanes.values()) {
        const at = this.freeAt(lane, now);
        if (at > now) soonest = Math.min(soonest, at);
        else if (next === undefined || this.turnAt(lane) < this.turnAt(next)) next = lane;
      }
      if (next === undefined) return this.wakeAt(soonest);
      this.begin(next, now);
    }
  }

  /** Ends what a carrier has waiting, or one message of it. */
  dismiss(owner: object, end: (turn: Turn) => void, id?: MessageId): void {
    const leaves = (turn: Turn): boolean => turn.owner === owner && (id === undefined || turn.id === id);
    for (const lane of this.lanes.values()) {
      const leaving = lane.turns.filter(leaves);
      if (leaving.length === 0) continue;
      const staying = lane.turns.filter((turn) => !leaves(turn));
      lane.turns.splice(0, lane.turns.length, ...staying);
      for (const turn of leaving) this.left(turn);
      this.forgetEmpty(lane);
      for (const turn of leaving) end(turn);
    }
  }

  /** What waits on disk is asked for at once: it may come back in any order. */
  startOver(): void {
    this.startedOverAt = this.clock.now();
    for (const lane of this.lanes.values()) lane.endsAt = 0;
  }

  private waitingOf(owner: object): number {
    return this.waiting.get(owner) ?? 0;
  }

  private turnAt({ application }: Lane): number {
    return turnOf(this.shares, application);
  }

  private laneOf({ application, needs }: Turn): Lane {
    const key = [application, ...needs.map(({ budget }) => budget.key)].join("\n\n");
    let lane = this.lanes.get(key);
    if (lane === undefined) this.lanes.set(key, (lane = { key, application, turns: [], endsAt: 0 }));
    return lane;
  }

  /** Infinity: nothing of it leaves by time alone. What a day does not allow is put off here. */
  private freeAt(lane: Lane, now: number): number {
    for (;;) {
      const first = lane.turns[0];
      if (first === undefined) {
        this.forgetEmpty(lane, now);
        return Infinity;
      }
      const { needs, recipients } = first;
      const spent = needs.find(({ budget, limits }) => budget.dayAt(limits, recipients, now) > now);
      if (spent === undefined) {
        const at = Math.max(...needs.map(({ budget, limits }) => budget.paceAt(limits, now)));
        if (at > now) return at;
        return needs.every((need) => this.isKept(need, recipients)) ? now : Infinity;
      }
      lane.turns.shift();
      this.left(first);
      this.putOff(first, spent.budget.dayAt(spent.limits, recipients, now) - now, spent, "day");
    }
  }

  private begin(lane: Lane, now: number): void {
    const turn = lane.turns.shift();
    if (turn === undefined) return;
    this.left(turn);
    hadTurn(this.shares, lane.application, turn.weight);
    const takeBack = turn.needs.map(({ budget, limits }) => budget.spend(limits, turn.recipients, now));
    for (const need of turn.needs) this.spent(need);
    this.forgetEmpty(lane, now);
    turn.begin((unreached) => {
      for (const each of takeBack) each(unreached);
    });
  }

  private putOffLast(lane: Lane | undefined): void {
    const turn = lane?.turns.pop();
    if (lane === undefined || turn === undefined) return;
    this.left(turn);
    const now = this.clock.now();
    const slowest = slowestOf(turn.needs);
    const intervalMs = intervalOf(slowest);
    const soonest = now + lane.turns.length * 0.5 * intervalMs;
    let turnAt = this.turnsAt.get(turn) ?? 0;
    if (turnAt <= soonest) turnAt = lane.endsAt = Math.max(lane.endsAt, soonest) + intervalMs;
    this.putOff(turn, turnAt - now, slowest, "pace");
  }

  private putOff(turn: Turn, afterMs: number, need: Need, by: "pace" | "day"): void {
    const since = this.clock.now();
    const until = since + Math.min(afterMs, longestHoldMs);
    const putOff = { since, turnAt: since + afterMs, until, recipients: turn.recipients };
    for (const { budget } of turn.needs) budget.putOff(turn.id, putOff);
    turn.putOff(Math.ceil(Math.max(1, afterMs)), need, by);
  }

  private left({ id, needs, owner }: Turn): void {
    for (const { budget } of needs) budget.waiting.delete(id);
    const others = this.waitingOf(owner) - 1;
    if (others > 0) this.waiting.set(owner, others);
    else this.waiting.delete(owner);
  }

  private longestLane(owner: object): Lane | undefined {
    let longest: Lane | undefined;
    for (const lane of this.lanes.values())
      if (lane.turns.at(-1)?.owner === owner && lane.turns.length > (longest?.turns.length ?? 0))
        longest = lane;
    return longest;
  }

  /** One that has mail on disk is known until that has been asked for. */
  private forgetEmpty(lane: Lane, now = Infinity): void {
    if (lane.turns.length === 0 && lane.endsAt <= now) this.lanes.delete(lane.key);
  }

  private wakeAt(at: number): void {
    if (this.timer !== undefined && this.timer.at === at) return;
    this.timer?.cancel();
    this.timer = undefined;
    if (at === Infinity) return;
    const timer = this.clock.after(Math.max(0, at - this.clock.now()), () => {
      this.timer = undefined;
      this.look();
    });
    this.timer = { at, cancel: () => timer.cancel() };
  }
}

function intervalOf({ limits: { messagesPerMinute } }: Need): number {
  return messagesPerMinute === Infinity ? unpacedMs : paceOf(messagesPerMinute).intervalMs;
}

function slowestOf(needs: readonly Need[]): Need {
  return needs.reduce((slowest, need) => (intervalOf(need) > intervalOf(slowest) ? need : slowest));
}

function roomOf(needs: readonly Need[]): number {
  const { messagesPerMinute } = slowestOf(needs).limits;
  // Then it waits for the disk alone.
  if (messagesPerMinute === Infinity) return mostTurnsWaiting;
  return Math.min(mostInLane, Math.max(leastInLane, Math.ceil(messagesPerMinute / 4)));
}
