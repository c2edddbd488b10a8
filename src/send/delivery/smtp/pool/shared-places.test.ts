import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFakeClock, type FakeClock } from "../../../../testing/fake-clock.ts";
import { createMemoryConnections, type MemoryConnections } from "../../../../testing/memory-connections.ts";
import type { ConnectionHolder } from "./outbound-connections.ts";
import { createSharedPlaces, type SharedPlaces } from "./shared-places.ts";

const limit = 12;

/** A next hop of a node: jobs that come and end, connections that are kept while idle. */
class Load implements ConnectionHolder {
  jobs = 0;
  busy = 0;
  idle = 0;
  most = 0;
  readonly standing = "proven";
  private readonly hop: ReturnType<SharedPlaces["of"]>;

  constructor(places: SharedPlaces) {
    this.hop = places.of("k", limit);
  }

  get held(): number {
    return this.busy + this.idle;
  }

  get idleSince(): number | undefined {
    return this.idle > 0 ? 0 : undefined;
  }

  get wanted(): number {
    return Math.min(limit, this.busy + this.jobs);
  }

  come(jobs: number): void {
    this.jobs += jobs;
    this.placeFreed();
  }

  placeFreed(): void {
    while (this.jobs > 0 && this.idle > 0) {
      this.idle--;
      this.busy++;
      this.jobs--;
    }
    while (this.jobs > 0 && this.hop.taken.enter(this)) {
      this.busy++;
      this.jobs--;
    }
    this.most = Math.max(this.most, this.held);
  }

  /** One job of each connection ends. */
  finish(jobs = this.busy): void {
    for (let left = Math.min(jobs, this.busy); left > 0; left--) {
      this.busy--;
      this.idle++;
      if (this.hop.taken.isSurplus()) this.closeLongestIdle();
    }
    this.placeFreed();
  }

  closeLongestIdle(): void {
    this.idle--;
    this.hop.taken.leave(this);
    this.hop.left();
  }

  end(): void {
    while (this.idle > 0) this.closeLongestIdle();
    this.hop.taken.withdraw(this);
    this.hop.release();
  }
}

describe("a limit of connections that is that of two nodes", () => {
  let clock: FakeClock;
  let all: MemoryConnections;
  let opened: SharedPlaces[];

  beforeEach(() => {
    clock = createFakeClock();
    all = createMemoryConnections(() => Math.floor(clock.now() / 10_000));
    opened = [];
  });
  afterEach(() => {
    for (const places of opened) places.close();
  });

  const node = () => {
    const connections = all.node();
    const places = createSharedPlaces(connections, clock);
    opened.push(places);
    return { places, connections };
  };
  const settled = async () => {
    for (let n = 0; n < 8; n++) await clock.advance(0);
  };

  test("one that is alone has all of it, and without a question where it has some at hand", async () => {
    const [a] = [new Load(node().places), node()];
    a.come(1);
    await settled();
    expect([a.busy, all.held("k")]).toEqual([1, 6]);
    const { calls } = all;
    a.come(5);
    expect([a.busy, all.calls]).toEqual([6, calls]);
    a.come(20);
    await clock.advance(300);
    expect([a.busy, all.held("k")]).toEqual([limit, limit]);
  });

  test("moves to who wants it: idle ones at once, those in use when they are done", async () => {
    const [a, b] = [new Load(node().places), new Load(node().places)];
    a.come(30);
    await clock.advance(300);
    expect(a.busy).toBe(limit);
    b.come(30);
    await clock.advance(1_300);
    expect(b.busy).toBe(0);
    a.finish();
    await clock.advance(500);
    expect([a.held, b.held]).toEqual([6, 6]);
    a.jobs = 0;
    a.finish();
    expect([a.busy, a.idle]).toEqual([0, 6]);
    await clock.advance(1_600);
    expect([a.held, b.held]).toEqual([0, limit]);
  });

  test("is never passed, whatever comes and goes at either, and nobody starves", async () => {
    const loads = [new Load(node().places), new Load(node().places), new Load(node().places)];
    // Xorshift.
    let state = 11;
    const random = (most: number): number => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % most;
    };
    const served = [0, 0, 0];
    let [mostOpen, mostHeld] = [0, 0];
    for (let step = 0; step < 1_000; step++) {
      const n = random(3);
      const load = loads[n];
      if (random(2) === 0) load?.come(random(4));
      else {
        const before = load?.busy ?? 0;
        load?.finish(random(before + 1));
        served[n] = (served[n] ?? 0) + before;
      }
      if (random(2) === 0) await clock.advance(random(120));
      mostOpen = Math.max(
        mostOpen,
        loads.reduce((sum, { held }) => sum + held, 0),
      );
      mostHeld = Math.max(mostHeld, all.held("k"));
    }
    expect([mostOpen, mostHeld]).toEqual([limit, limit]);
    for (const one of served) expect(one).toBeGreaterThan(200);
    for (let n = 0; n < 60; n++) {
      for (const load of loads) load.finish();
      await clock.advance(300);
    }
    expect(loads.map(({ jobs }) => jobs)).toEqual([0, 0, 0]);
  });

  test("while nobody answers, what is held is used and nothing more; then it goes on", async () => {
    const [a] = [new Load(node().places), node()];
    a.come(1);
    await settled();
    all.isAway = true;
    a.come(20);
    await clock.advance(20_000);
    expect([a.busy, a.most]).toEqual([6, 6]);
    expect(all.calls).toBeLessThan(40);
    all.isAway = false;
    await clock.advance(2_000);
    expect(a.busy).toBe(limit);
  });

  test("what a crashed database has forgotten is told again, and an answer of before is of no use", async () => {
    const { places, connections } = node();
    const a = new Load(places);
    node();
    a.come(4);
    await settled();
    expect(all.held("k")).toBe(8);
    all.forget();
    await clock.advance(10_500);
    expect(all.held("k")).toBe(8);
    // A call fails: it may be back with less than it had.
    all.isAway = true;
    a.come(20);
    await clock.advance(500);
    all.forget();
    all.isAway = false;
    await clock.advance(2_000);
    expect(all.held("k")).toBe(limit);
    // On its way back while the node is taken for dead.
    a.jobs = 0;
    a.finish();
    const { calls } = all;
    while (all.calls === calls) await clock.advance(50);
    connections.lose();
    a.come(2);
    expect([a.busy, a.idle]).toEqual([0, 0]);
    await settled();
    expect(a.busy).toBeLessThanOrEqual(all.held("k"));
    await clock.advance(2_000);
    expect(a.held).toBeLessThanOrEqual(all.held("k"));
  });

  test("a node that others are about to take for dead ends what is idle, opens nothing, and counts what it still has", async () => {
    const { places, connections } = node();
    const [a, b] = [new Load(places), new Load(node().places)];
    a.come(6);
    await settled();
    a.finish(2);
    expect([a.busy, a.idle]).toEqual([4, 2]);
    all.isAway = true;
    connections.lose();
    a.come(5);
    expect([a.busy, a.idle]).toEqual([4, 0]);
    all.isAway = false;
    await clock.advance(1_500);
    b.come(20);
    await clock.advance(1_500);
    expect(a.held + b.held).toBeLessThanOrEqual(limit);
    expect(a.busy).toBeGreaterThanOrEqual(4);
  });

  test("what nobody uses for half a minute is free, and few calls are made for what stays as it is", async () => {
    const a = new Load(node().places);
    node();
    a.come(4);
    await clock.advance(10_000);
    expect(all.calls).toBeLessThan(14);
    a.finish();
    a.end();
    await clock.advance(31_500);
    expect(all.held("k")).toBe(0);
    const { calls } = all;
    await clock.advance(60_000);
    expect(all.calls).toBe(calls);
  });
});
