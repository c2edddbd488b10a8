import { expect, test } from "vitest";
import type { Database } from "../database/database.ts";
import type { Membership } from "../membership/membership.ts";
import { createPostgresLedger } from "./postgres-ledger.ts";

test("nobody is let in by a verdict that a node reads when its lease is about to be over", async () => {
  let isSafe = true;
  const asked: boolean[] = [];
  const ledger = createPostgresLedger({
    database: {
      ledger: {
        query: async (_text: string, values: readonly unknown[]) => {
          asked.push(values[1] === true);
          // It is paused while the answer waits for it, once.
          isSafe = asked.length > 1;
          return [{ tell: false, verdicts: [1], totals: [0], sources: [0] }];
        },
      },
      name: (of: string) => of,
    } as unknown as Database,
    membership: {
      current: { nodeId: 1 },
      isTold: true,
      get isSafe() {
        return isSafe;
      },
      onEnded: () => undefined,
      onSafe: () => undefined,
      onUnsafe: () => undefined,
    } as unknown as Membership,
  });
  const limits = {
    maxInboundConnection: 1,
    maxInboundConnectionPerSource: 1,
    maxInboundConnectionPercentagePerSource: 100,
  };
  expect(await ledger.enter("In", "s", limits)).toHaveProperty("lease");
  // Asked for again, with all that this node has.
  expect(asked).toEqual([true, true]);
  ledger.close();
});
