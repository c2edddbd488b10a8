import { AsyncResource } from "node:async_hooks";
import { expect, test } from "vitest";
import { asAuthor, changeAuthor } from "./change-author.ts";

const anna = { name: "Anna", from: "socket", doing: "setReceiveConnector A" };
const ben = { ...anna, name: "Ben" };
const name = (): string => changeAuthor().name;

test("each change has its author, across what it waits for; beside and behind it there is none", async () => {
  let goOn = (): void => {};
  const waited = new Promise<void>((resolve) => (goOn = resolve));
  const long = asAuthor(anna, async () => {
    const before = name();
    await waited;
    return [before, name()];
  });
  const short = asAuthor(ben, async () => {
    await Promise.resolve();
    return name();
  });
  expect([await short, name()]).toEqual(["Ben", ""]);
  goOn();
  expect([await long, name()]).toEqual([["Anna", "Anna"], ""]);
});

test("behind the last change nothing is carried along any more, as that costs all mail a tenth", async () => {
  // What is made carries who is known, or that nobody is, as long as anybody may ask (Node 20; 24 asks no more).
  const carried = () => Object.getOwnPropertySymbols(new AsyncResource("made")).map((it) => it.description);
  // Tests before this one, in the same process, may have left something of their own.
  const before = carried();
  await expect(asAuthor(anna, () => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
  expect(carried()).toEqual(before);
});
