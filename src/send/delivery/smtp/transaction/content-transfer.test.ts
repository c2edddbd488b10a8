import { expect, test } from "vitest";
import { testClaim } from "../../../../testing/test-claim.ts";
import type { ClientConnection } from "../wire/client-connection.ts";
import { timeouts } from "../wire/timeouts.ts";
import { ContentTransfer } from "./content-transfer.ts";

test.each([
  ["streamed, and all of it has left", { pieceBytes: 10 }, 0, 1],
  // A hostile peer would get the next message's octets as the rest of this one.
  ["streamed, and its peer said 250 before it took all of it", { pieceBytes: 10 }, 1, 0],
  ["in memory from the beginning", {}, 0, 0],
] as const)("a content that was %s is given back %# times", (_, given, unsentBytes, times) => {
  let done = 0;
  const claim = testClaim({ ...given, content: "x".repeat(100) });
  const connection = { alive: true, unsentBytes } as ClientConnection;
  new ContentTransfer(connection, {
    ...claim,
    content: { ...claim.content, giveBack: () => done++ },
  }).taken();
  expect(done).toBe(times);
});

/** Takes what is written, and holds its writer back while it is full. */
function connectionOf() {
  const written: string[] = [];
  const deadlines: number[] = [];
  const connection = {
    alive: true,
    full: false,
    unsentBytes: 0,
    writeParts(parts: readonly (Buffer | string)[]) {
      written.push(parts.map(String).join(""));
      return !connection.full;
    },
    setDeadline: (ms: number) => void deadlines.push(ms),
  };
  return { connection, written, deadlines };
}

test("a writer that waits goes on when the connection takes more, and when it is stopped", async () => {
  for (const way of ["drained", "stop"] as const) {
    const { connection, written } = connectionOf();
    const transfer = new ContentTransfer(connection as unknown as ClientConnection, testClaim());
    connection.full = true;
    let isWritten = false;
    const writing = transfer.write(["a", "b"]).then(() => (isWritten = true));
    await Promise.resolve();
    expect([written, isWritten, transfer.wanted]).toEqual([["ab"], false, true]);
    transfer[way]();
    await writing;
    expect(transfer.wanted).toBe(way === "drained");
    // Nothing more is waited for once it was stopped.
    if (way === "stop") await transfer.write(["c"]);
  }
});

test("a content of which nothing more is wanted is not read on", async () => {
  const { connection, written } = connectionOf();
  const content = "x".repeat(1_000_000);
  const transfer = new ContentTransfer(
    connection as unknown as ClientConnection,
    testClaim({ content, pieceBytes: 1_000 }),
  );
  connection.full = true;
  const streaming = transfer.stream("data");
  await expect.poll(() => written.length).toBe(1);
  expect(transfer.streaming).toBe(true);
  transfer.stop();
  await streaming;
  expect([transfer.streaming, transfer.complete]).toEqual([false, false]);
  expect(written.join("").length).toBeLessThan(content.length / 2);
});

test("the peer has its last time when all has left, and only then", () => {
  const { connection, deadlines } = connectionOf();
  const transfer = new ContentTransfer(connection as unknown as ClientConnection, testClaim());
  transfer.drained();
  expect(deadlines).toEqual([]);
  connection.full = true;
  transfer.sendNothing();
  expect(deadlines).toEqual([timeouts.blockMs]);
  transfer.drained();
  expect(deadlines).toEqual([timeouts.blockMs, timeouts.finalMs]);
});

test.each([
  ["DATA", "..a\r\n.\r\n"],
  ["BDAT 12 LAST\r\n", ".a\r\n"],
] as const)("what is in pieces is written as it is, by %s, and never put together", (by, end) => {
  const { connection, written } = connectionOf();
  const claim = testClaim({ content: "F: 1\r\n.a\r\n", facts: { sizeBytes: 12 } });
  const transfer = new ContentTransfer(connection as unknown as ClientConnection, {
    ...claim,
    content: {
      ...claim.content,
      get inMemory(): Buffer {
        throw new Error("put together");
      },
      pieces: [Buffer.from("S: 2\r\n"), Buffer.from("\r\n.a\r\n")],
    },
  });
  const pieces = transfer.inMemory ?? [];
  if (by === "DATA") transfer.sendData(pieces, "", "latin1");
  else transfer.sendChunk(pieces, "", "latin1");
  expect(written).toEqual([`${by === "DATA" ? "" : by}S: 2\r\n\r\n${end}`]);
});
