import { expect, test } from "vitest";
import { testClaim } from "../../../../testing/test-claim.ts";
import type { ClientConnection } from "../wire/client-connection.ts";
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
