import { expect, test } from "vitest";
import { writeBehindTurn } from "./gathered-writes.ts";

test("replies go before commands, each in its order, behind the turn; what comes meanwhile behind the next", async () => {
  const written: string[] = [];
  const held = (name: string, behind = () => {}) => ({
    writeHeld() {
      written.push(name);
      behind();
    },
  });
  writeBehindTurn(held("command 1"), "commands");
  writeBehindTurn(
    held("reply 1", () => writeBehindTurn(held("reply of the next turn"), "replies")),
    "replies",
  );
  writeBehindTurn(held("command 2"), "commands");
  writeBehindTurn(held("reply 2"), "replies");
  await Promise.resolve();
  expect(written).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(written).toEqual(["reply 1", "reply 2", "command 1", "command 2"]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(written.at(-1)).toBe("reply of the next turn");
});

test("a fault of one is told, and the others write all the same", async () => {
  const written: string[] = [];
  const told: unknown[] = [];
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (fault) => told.push(fault));
  try {
    const broken = new Error("broken");
    const fails = {
      writeHeld() {
        throw broken;
      },
    };
    writeBehindTurn({ writeHeld: () => void written.push("command") }, "commands");
    writeBehindTurn(fails, "replies");
    writeBehindTurn({ writeHeld: () => void written.push("reply") }, "replies");
    await expect.poll(() => written).toEqual(["reply", "command"]);
    expect(told).toEqual([broken]);
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of others) process.on("uncaughtException", listener);
  }
});
