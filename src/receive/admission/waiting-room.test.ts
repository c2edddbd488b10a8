import { expect, it } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createWaitingRoom, type Waiter } from "./waiting-room.ts";

interface Named extends Waiter {
  readonly name: string;
}

const room = () => {
  const clock = createFakeClock();
  const said: string[] = [];
  const waitingRoom = createWaitingRoom<Named>(clock);
  let places = 0;
  const waiterNamed = (name: string): Named => ({
    name,
    enter() {
      if (places === 0) return Promise.resolve(false);
      places--;
      said.push(`${name} in`);
      return Promise.resolve(true);
    },
    giveUp: () => void said.push(`${name} out`),
  });
  const wait = (source: string, name: string, delayMs = 1000): Named | undefined => {
    const waiter = waiterNamed(name);
    return waitingRoom.wait("AppRelay", source, delayMs, waiter) ? waiter : undefined;
  };
  const free = (): void => {
    places++;
    waitingRoom.placeFreed("AppRelay");
  };
  return { clock, said, waitingRoom, wait, free };
};

const five = [
  ["a", "a1"],
  ["a", "a2"],
  ["a", "a3"],
  ["b", "b1"],
  ["c", "c1"],
] as const;

it("gives each freed place to the sources in turn, longest waiting first", async () => {
  const { clock, said, wait, free, waitingRoom } = room();
  for (const [source, name] of five) wait(source, name);
  for (let i = 0; i < 6; i++) {
    free();
    await clock.settle();
  }
  expect(said).toEqual(["a1 in", "b1 in", "c1 in", "a2 in", "a3 in"]);
  expect(waitingRoom.waiting("AppRelay")).toBe(0);
});

it("offers each of many places that come free at once", async () => {
  const { clock, said, wait, free } = room();
  for (const [source, name] of five) wait(source, name);
  for (let i = 0; i < 4; i++) free();
  await clock.settle();
  expect(said).toEqual(["a1 in", "b1 in", "c1 in", "a2 in"]);
});

it("sends away who waited long enough, and forgets who left", async () => {
  const { clock, said, wait, waitingRoom } = room();
  wait("a", "a1", 1000);
  const left = wait("a", "a2", 1000);
  wait("b", "b1", 3000);
  if (left === undefined) throw new Error("no room");
  waitingRoom.leave(left);
  waitingRoom.leave(left);
  await clock.advance(1000);
  expect(said).toEqual(["a1 out"]);
  expect(waitingRoom.waiting("AppRelay")).toBe(1);
});

it("empties in the order of their turns, without a word and without timers", () => {
  const { clock, said, wait, waitingRoom } = room();
  for (const [source, name] of five) wait(source, name);
  expect(waitingRoom.empty().map(({ name }) => name)).toEqual(["a1", "b1", "c1", "a2", "a3"]);
  expect(waitingRoom.waiting("AppRelay")).toBe(0);
  expect(clock.pendingTimers).toBe(0);
  expect(said).toEqual([]);
});

it("is bounded, and no source takes all of it", () => {
  const { wait, waitingRoom } = room();
  for (let i = 0; i < 250; i++) expect(wait("greedy", `${i}`)).toBeDefined();
  expect(wait("greedy", "one too many")).toBeUndefined();
  for (let i = 0; i < 750; i++) expect(wait(`s${i}`, `${i}`)).toBeDefined();
  expect(wait("late", "late")).toBeUndefined();
  expect(waitingRoom.waiting("AppRelay")).toBe(1000);
});

it("keeps all where a place that came free was another's, and offers the next one in their order", async () => {
  const { clock, said, wait, free, waitingRoom } = room();
  for (const [source, name] of five) wait(source, name);
  waitingRoom.placeFreed("AppRelay");
  waitingRoom.placeFreed("AppRelay");
  await clock.settle();
  expect([said, waitingRoom.waiting("AppRelay")]).toEqual([[], 5]);
  free();
  free();
  await clock.settle();
  expect([said, waitingRoom.waiting("AppRelay")]).toEqual([["a1 in", "b1 in"], 3]);
  waitingRoom.placeFreed("Other");
  await clock.settle();
  expect(said).toHaveLength(2);
});
