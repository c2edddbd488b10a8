import { expect, it } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { createWaitingRoom } from "./waiting-room.ts";

const room = () => {
  const clock = createFakeClock();
  const said: string[] = [];
  const waitingRoom = createWaitingRoom(clock);
  let places = 0;
  const wait = (source: string, name: string, delayMs = 1000) =>
    waitingRoom.wait(
      "AppRelay",
      source,
      delayMs,
      () => {
        if (places === 0) return false;
        places--;
        said.push(`${name} in`);
        return true;
      },
      () => said.push(`${name} out`),
    );
  const free = (): void => {
    places++;
    waitingRoom.placeFreed("AppRelay");
  };
  return { clock, said, waitingRoom, wait, free };
};

it("gives each freed place to the sources in turn, longest waiting first", () => {
  const { said, wait, free, waitingRoom } = room();
  for (const [source, name] of [
    ["a", "a1"],
    ["a", "a2"],
    ["a", "a3"],
    ["b", "b1"],
    ["c", "c1"],
  ] as const)
    wait(source, name);
  for (let i = 0; i < 6; i++) free();
  expect(said).toEqual(["a1 in", "b1 in", "c1 in", "a2 in", "a3 in"]);
  expect(waitingRoom.waiting("AppRelay")).toBe(0);
});

it("sends away who waited long enough, and forgets who left", async () => {
  const { clock, said, wait, waitingRoom } = room();
  wait("a", "a1", 1000);
  const left = wait("a", "a2", 1000);
  wait("b", "b1", 3000);
  left?.leave();
  left?.leave();
  await clock.advance(1000);
  expect(said).toEqual(["a1 out"]);
  expect(waitingRoom.waiting("AppRelay")).toBe(1);
  waitingRoom.close();
  expect(said).toEqual(["a1 out", "b1 out"]);
});

it("is bounded, and no source takes all of it", () => {
  const { wait, waitingRoom } = room();
  for (let i = 0; i < 250; i++) expect(wait("greedy", `${i}`)).toBeDefined();
  expect(wait("greedy", "one too many")).toBeUndefined();
  for (let i = 0; i < 750; i++) expect(wait(`s${i}`, `${i}`)).toBeDefined();
  expect(wait("late", "late")).toBeUndefined();
  expect(waitingRoom.waiting("AppRelay")).toBe(1000);
});
