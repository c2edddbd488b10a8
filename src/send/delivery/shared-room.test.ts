/** Memory that queues of domains share: who has how much of it, and who is served when some is free. */
import { describe, expect, test } from "vitest";
import { SharedRoom, type Share } from "./shared-room.ts";

const nextTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

function sharing(most = 80, mostBytes = 1_000) {
  const room = new SharedRoom(most, mostBytes);
  const served: string[] = [];
  const share = (name: string, onRoom: (own: Share) => void = () => undefined): Share => {
    const own = room.share({
      roomFreed() {
        served.push(name);
        onRoom(own);
      },
    });
    return own;
  };
  return { room, served, share };
}
const take = (share: Share, claims: number, bytes = 0): void => {
  for (let n = 0; n < claims; n++) share.take(bytes);
};

describe("how many claims a queue may take", () => {
  test.each([
    ["proven", 80],
    ["new", 60],
    ["failing", 40],
  ] as const)("%s: %d of eighty while nobody has any", (standing, left) => {
    const one = sharing().share("one");
    one.become(standing);
    expect(one.left).toBe(left);
  });

  test("sixteen where more than half of the room is in use, less those it has", () => {
    const { share } = sharing();
    const [one, other] = [share("one"), share("other")];
    one.become("proven");
    other.become("proven");
    take(one, 40);
    expect([one.left, other.left]).toEqual([40, 40]);
    take(other, 1);
    expect([one.left, other.left]).toEqual([0, 15]);
    take(other, 15);
    expect(other.left).toBe(0);
  });

  test("whatever those are that use it", () => {
    const { share } = sharing();
    const [proven, fresh, failing] = [share("proven"), share("new"), share("failing")];
    proven.become("proven");
    failing.become("failing");
    take(proven, 10);
    take(fresh, 15);
    take(failing, 15);
    expect(proven.left).toBe(40);
    take(fresh, 1);
    expect([proven.left, fresh.left, failing.left]).toEqual([6, 0, 1]);
  });

  test("none where the octets are used up, and a queue that has none neither", () => {
    const { room, share } = sharing();
    const one = share("one");
    take(one, 1, 999);
    expect([one.left > 0, room.hasRoom]).toEqual([true, true]);
    take(one, 1, 1);
    expect([one.left, room.hasRoom]).toEqual([0, false]);
    one.giveBack(1);
    expect([one.left > 0, room.hasRoom]).toEqual([true, true]);
  });

  test("none of domains that are new once these have three quarters", () => {
    const { room, share } = sharing();
    const all = Array.from({ length: 4 }, (_, n) => share(String(n)));
    for (const each of all) take(each, 15);
    expect([room.hasRoom, all[0]?.left, room.claims]).toEqual([false, 0, { proven: 0, new: 60, failing: 0 }]);
    // One that answers makes room among them.
    all[0]?.become("proven");
    expect([room.hasRoom, room.claims]).toEqual([true, { proven: 15, new: 45, failing: 0 }]);
  });

  test("what is being read from disk counts until it is there", () => {
    const { room, share } = sharing();
    const one = share("one");
    one.reserve(8);
    expect([one.left, room.claims.new]).toEqual([52, 8]);
    one.unreserve(8);
    take(one, 3);
    expect([one.left, room.claims.new]).toEqual([57, 3]);
  });
});

describe("who waits for room", () => {
  test("is served in turn, one of each kind, behind what the turn still has to do", async () => {
    const { served, share } = sharing(4);
    const busy = share("busy");
    busy.become("proven");
    take(busy, 4);
    const waiting = (["new", "new", "failing", "proven"] as const).map((standing, n) => {
      const one = share(`${standing} ${n}`);
      one.become(standing);
      one.wait();
      return one;
    });
    await nextTick();
    expect(served).toEqual([]);
    busy.giveBack(0);
    expect(served).toEqual([]);
    await nextTick();
    // Whoever has no use for it leaves it to the next.
    expect(served).toEqual(["proven 3", "new 0", "failing 2", "new 1"]);
    expect(waiting.map(({ left }) => left > 0)).toEqual([true, true, true, true]);
  });

  test("gets no more than there is", async () => {
    const { served, share } = sharing(2);
    const busy = share("busy");
    busy.become("proven");
    take(busy, 2);
    for (const name of ["a", "b"]) {
      const one = share(name, (own) => own.take(0));
      one.become("proven");
      one.wait();
    }
    busy.giveBack(0);
    await nextTick();
    expect(served).toEqual(["a"]);
    busy.giveBack(0);
    await nextTick();
    expect(served).toEqual(["a", "b"]);
  });

  test("that has some of it waits for the end of that", async () => {
    const { served, share } = sharing(2);
    const one = share("one");
    take(one, 1);
    one.wait();
    one.giveBack(0);
    await nextTick();
    expect(served).toEqual([]);
  });

  test("keeps its place among those that stand as it does by then", async () => {
    const { served, share } = sharing(2);
    const busy = share("busy");
    busy.become("proven");
    take(busy, 2);
    const one = share("one", (own) => own.take(0));
    one.wait();
    const other = share("other", (own) => own.take(0));
    other.become("failing");
    other.wait();
    other.become("proven");
    busy.giveBack(0);
    await nextTick();
    expect(served).toEqual(["other"]);
  });
});
