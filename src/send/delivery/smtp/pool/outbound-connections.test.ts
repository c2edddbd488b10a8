import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Ports } from "../../../../ports/ports.ts";
import { createSystemPorts } from "../../../../ports/system-ports.ts";
import { smtpPeers } from "../../../../testing/smtp-peers.ts";
import { createMemoryConnections } from "../../../../testing/memory-connections.ts";
import { testClaim } from "../../../../testing/test-claim.ts";
import { brief, testSmtpCarrier } from "../../../../testing/test-smtp-carrier.ts";
import { OutboundConnections, PlacesOfBoth, type ConnectionHolder } from "./outbound-connections.ts";
import { createSharedPlaces } from "./shared-places.ts";

const recorded = "delivered: 250 2.0.0 Ok: recorded";

const { open, sinkWith } = smtpPeers(afterEach);

/** The system's ports, which connections they have open, and how many at most at once. */
function countedDials(): {
  readonly ports: Ports;
  readonly live: ReadonlySet<Socket>;
  readonly most: () => number;
} {
  let most = 0;
  const live = new Set<Socket>();
  const system = createSystemPorts();
  return {
    live,
    most: () => most,
    ports: {
      ...system,
      async dial(target) {
        const socket = await system.dial(target);
        live.add(socket);
        socket.once("close", () => live.delete(socket));
        most = Math.max(most, live.size);
        return socket;
      },
    },
  };
}

describe("maxOutboundConnections", () => {
  it("counts connections, idle ones too, of all next hops together, and none starves", async () => {
    const { ports, most } = countedDials();
    const sinks = await Promise.all([1, 2, 3, 4].map(() => sinkWith()));
    const outbound = new OutboundConnections(() => 2);
    const carriers = sinks.map(({ port }) => testSmtpCarrier(port, { more: { outbound, ports } }).carrier);
    for (const carrier of carriers) open.push({ close: () => carrier.close(0) });
    for (let round = 0; round < 3; round++) {
      const claims = carriers.flatMap((carrier) =>
        Array.from({ length: 10 }, () => carrier.carry(testClaim())),
      );
      expect((await Promise.all(claims)).flatMap(brief)).toEqual(Array(40).fill(recorded));
    }
    expect(most()).toBe(2);
    expect(outbound.open).toBeLessThanOrEqual(2);
    await Promise.all(carriers.map((carrier) => carrier.close(0)));
    expect(outbound.open).toBe(0);
  });

  it.each([
    ["BDAT", ["PIPELINING", "CHUNKING"]],
    ["DATA", ["PIPELINING"]],
    ["one command at a time", []],
  ])("of one: a busy next hop gives its place up to one that waits, by %s", async (_, extensions) => {
    const [busy, quiet] = [await sinkWith({ extensions }), await sinkWith()];
    const outbound = new OutboundConnections(() => 1);
    const make = (port: number) => testSmtpCarrier(port, { more: { outbound } }).carrier;
    const [one, other] = [make(busy.port), make(quiet.port)];
    for (const carrier of [one, other]) open.push({ close: () => carrier.close(0) });
    let running = true;
    const load = async (): Promise<void> => {
      while (running && (await one.carry(testClaim())).kind === "attempted");
    };
    const loads = [load(), load(), load()];
    await busy.waitFor(5);
    expect(brief(await other.carry(testClaim()))).toEqual([recorded]);
    running = false;
    await Promise.all(loads);
  });

  it("of a next hop is one for two nodes: the busy one gives up its part to the other, between two messages", async () => {
    const { ports, live, most } = countedDials();
    const sink = await sinkWith();
    const all = createMemoryConnections(() => 0);
    const places = [1, 2].map(() => createSharedPlaces(all.node(), ports.clock));
    const [one, other] = places.map((of) => {
      const more = { ports, places: of };
      const { carrier } = testSmtpCarrier(sink.port, { connector: { maxConcurrentConnections: 2 }, more });
      open.push({ close: () => carrier.close(0).then(() => of.close()) });
      return carrier;
    });
    let running = true;
    const load = async (): Promise<void> => {
      while (running && (await one?.carry(testClaim()))?.kind === "attempted");
    };
    const loads = Array.from({ length: 6 }, load);
    await sink.waitFor(20);
    expect([all.held("out\nOut\n"), live.size]).toEqual([2, 2]);
    const late = Array.from({ length: 6 }, async () => other?.carry(testClaim()));
    expect((await Promise.all(late)).flatMap((result) => result && brief(result))).toEqual(
      Array(6).fill(recorded),
    );
    running = false;
    await Promise.all(loads);
    expect(most()).toBe(2);
  });

  it("gives places back when connections cannot be opened, and takes a changed limit at once", async () => {
    let limit = 1;
    const outbound = new OutboundConnections(() => limit);
    const { carrier } = testSmtpCarrier(1, { more: { outbound } });
    open.push({ close: () => carrier.close(0) });
    const results = await Promise.all(Array.from({ length: 5 }, () => carrier.carry(testClaim())));
    expect(results.map(brief)).toEqual(Array(5).fill("unreachable"));
    expect(outbound.open).toBe(0);
    const holder = holderOf();
    expect([outbound.enter(holder), outbound.enter(holder)]).toEqual([true, false]);
    limit = 2;
    expect(outbound.enter(holder)).toBe(true);
  });
});

it("however many wait at one next hop while the relay's places are taken, they are served in turn", () => {
  const [near, far] = [new OutboundConnections(() => 1), new OutboundConnections(() => 1)];
  const both = new PlacesOfBoth(near, far, () => {});
  const served: number[] = [];
  const holders = Array.from({ length: 20_000 }, (_, n): ConnectionHolder => {
    const holder = holderOf({ placeFreed: () => void (both.enter(holder) && served.push(n)) });
    return holder;
  });
  const elsewhere = holderOf({ placeFreed: () => void far.enter(elsewhere) });
  const [first] = holders;
  if (first === undefined) return;
  for (const holder of holders) both.enter(holder);
  expect(far.enter(elsewhere)).toBe(false);
  // Of those that wait nobody has the place: who is elsewhere was there before them.
  both.leave(first);
  expect([near.open, far.open, served]).toEqual([0, 1, []]);
  far.leave(elsewhere);
  for (let n = 1; n < 5; n++) {
    expect([near.open, far.open, served.at(-1)]).toEqual([1, 1, n]);
    both.leave(holders[n] ?? first);
  }
});

function holderOf(more: Partial<ConnectionHolder> = {}): ConnectionHolder {
  return {
    idleSince: undefined,
    held: 0,
    wanted: 0,
    standing: "proven",
    closeLongestIdle() {},
    placeFreed() {},
    ...more,
  };
}

it("a place is wanted as long as somebody waits for it who has none, whatever he did meanwhile", () => {
  const outbound = new OutboundConnections(() => 1);
  const [has, first, second] = [holderOf({ held: 2 }), holderOf({ standing: "new" }), holderOf()];
  const wanted: boolean[] = [];
  const then = (step: () => unknown): void => {
    step();
    wanted.push(outbound.isWanted);
  };
  then(() => outbound.enter(has));
  for (let n = 0; n < 2; n++) then(() => outbound.enter(first));
  then(() => outbound.proved(first));
  then(() => outbound.withdraw(first));
  for (const holder of [first, second]) then(() => outbound.enter(holder));
  then(() => outbound.withdraw(first));
  // A place for the one who is left is about to be given back.
  then(() => outbound.owes(has, false));
  then(() => outbound.leave(has));
  expect(wanted).toEqual([false, true, true, true, false, true, true, true, false, false]);
});

describe("an idle connection makes room", () => {
  it("the waiting next hop's own first, then the longest idle one", () => {
    const outbound = new OutboundConnections(() => 3);
    const closed: string[] = [];
    const of = (name: string, idleSince?: number): ConnectionHolder =>
      holderOf({ idleSince, held: 1, closeLongestIdle: () => void closed.push(name) });
    const [late, early, own] = [of("late", 20), of("early", 10), of("own", 30)];
    for (const holder of [late, early, own]) outbound.enter(holder);
    expect(outbound.enter(own)).toBe(false);
    expect(outbound.enter(of("without"))).toBe(false);
    expect(closed).toEqual(["own", "early"]);
  });

  it("of others: once for each that waits, or for each that is too many", () => {
    let limit = 3;
    let closed = 0;
    const outbound = new OutboundConnections(() => limit);
    const rich = holderOf({ idleSince: 10, held: 3, closeLongestIdle: () => void closed++ });
    for (let n = 0; n < 3; n++) outbound.enter(rich);
    outbound.enter(holderOf());
    expect([closed, outbound.owes(rich, true)]).toEqual([1, false]);
    limit = 1;
    outbound.limitChanged();
    expect([closed, outbound.surplus, outbound.isSurplus()]).toEqual([2, 0, false]);
  });

  it("and only as many as wait are asked to", () => {
    const outbound = new OutboundConnections(() => 2);
    const rich = holderOf({ held: 2 });
    outbound.enter(rich);
    outbound.enter(rich);
    expect(outbound.owes(rich, true)).toBe(false);
    outbound.enter(holderOf());
    expect([outbound.owes(rich, false), outbound.owes(rich, true)]).toEqual([true, false]);
  });
});

describe("next hops that have not answered yet", () => {
  const taking = (standing: ConnectionHolder["standing"], outbound: OutboundConnections) => {
    const state = { held: 0, freed: 0 };
    const holder = {
      ...holderOf(),
      standing,
      get held() {
        return state.held;
      },
      placeFreed() {
        state.freed++;
        if (outbound.enter(holder)) state.held++;
      },
    };
    return {
      holder,
      state,
      enter: () => (outbound.enter(holder) ? ++state.held > 0 : false),
      leave() {
        state.held--;
        outbound.leave(holder);
      },
    };
  };

  it("leave some places to those that have, and failing ones to new ones", () => {
    const outbound = new OutboundConnections(() => 8);
    const failing = Array.from({ length: 10 }, () => taking("failing", outbound));
    const fresh = Array.from({ length: 10 }, () => taking("new", outbound));
    const proven = Array.from({ length: 10 }, () => taking("proven", outbound));
    const entered = (those: typeof failing) => those.filter(({ enter }) => enter()).length;
    expect([entered(failing), entered(fresh), entered(proven)]).toEqual([4, 2, 2]);
    // A place of a failing one goes to the failing one that has waited longest, who has waited longer than the new ones.
    failing[0]?.leave();
    expect([failing[4]?.state.held, fresh[2]?.state.held]).toEqual([1, 0]);
    // One that answers makes room among the new ones, where the limit does.
    proven[0]?.leave();
    outbound.proved(fresh[0]?.holder ?? holderOf());
    expect(outbound.open).toBe(8);
    expect(proven[2]?.state.held).toBe(1);
  });

  it("come to all places once they answer, and everything is given back", () => {
    const outbound = new OutboundConnections(() => 4);
    const one = taking("new", outbound);
    expect([one.enter(), one.enter(), one.enter(), one.enter()]).toEqual([true, true, true, false]);
    outbound.proved(one.holder);
    expect(one.state.held).toBe(4);
    for (let left = 4; left > 0; left--) one.leave();
    expect(outbound.open).toBe(0);
    const others = Array.from({ length: 3 }, () => taking("new", outbound));
    expect(others.map(({ enter }) => enter())).toEqual([true, true, true]);
  });
});
