/** Claims of what others claim in the same moment, and of queues with names that SQL has a meaning for. */
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { DatabaseSettings } from "../../src/core/policy/cluster-settings.ts";
import { createSystemClock } from "../../src/ports/system-ports.ts";
import type { Claim } from "../../src/spool/spool.ts";
import { acceptMessage } from "../../src/testing/spool-messages.ts";
import type { TestPostgres } from "../lab/postgres.ts";
import { openNode, type TestNode } from "../lab/postgres-spool.ts";

const clock = createSystemClock();
const leaseMs = 600_000;
const schema = "claims";

export function describePostgresClaims(connected: () => { readonly server: TestPostgres }): void {
  describe("nodes on PostgreSQL", () => {
    let settings: DatabaseSettings;
    beforeAll(async () => {
      settings = await connected().server.withSchema(schema);
    });

    describe("that claim", () => {
      const nodes: TestNode[] = [];
      const open = async (name: string): Promise<TestNode> => {
        const node = await openNode({ clock, settings, leaseMs, name });
        nodes.push(node);
        return node;
      };
      afterEach(async () => {
        for (const node of nodes.splice(0)) await node.close();
        await connected().server.ask(`delete from ${schema}.entry; delete from ${schema}.message`);
      });
      const put = async (
        { spool }: TestNode,
        queue: string,
        messages: number,
      ): Promise<readonly number[]> => {
        const claims: Claim[] = [];
        spool.onAccepted({
          hasRoom: () => true,
          take: (one) => void claims.push(one),
          waits: () => undefined,
        });
        await Promise.all(Array.from({ length: messages }, () => acceptMessage(spool)));
        const keep = { kind: "keep", index: 0, queue, dueAt: 1, attempts: 1, delayReported: false } as const;
        await Promise.all(claims.map((claim) => spool.settle(claim, [keep])));
        return claims.map(({ message }) => message.id);
      };

      it("give each message to one of the nodes that ask at once", async () => {
        const both = [await open("a"), await open("b")];
        const ids = await put(both[0] as TestNode, "q", 90);
        const got = await Promise.all(
          both.map(async ({ spool }) => {
            const mine: number[] = [];
            for (let none = 0; none < 2;) {
              const claims = await spool.claim("q", 7, Infinity);
              none = claims.length === 0 ? none + 1 : 0;
              mine.push(...claims.map(({ message }) => message.id));
            }
            return mine;
          }),
        );
        expect(got.flat().sort((a, b) => a - b)).toEqual([...ids].sort((a, b) => a - b));
      });

      it.each(["it's", `a"b`, "back\\slash", "\\'; select 1 --", "grün.example"])(
        "find a queue by its name %s",
        async (queue) => {
          const node = await open("a");
          const ids = await put(node, queue, 2);
          const [due] = await node.spool.claim(queue, 1, Infinity);
          expect(node.spool.nextDueAt(queue)).toBe(1);
          const other = await node.spool.claimMessage(queue, ids[1] ?? 0);
          expect([due?.message.id, (other as Claim).message.id]).toEqual(ids);
          expect(await node.spool.claim(queue, 1, Infinity)).toEqual([]);
          expect(node.spool.nextDueAt(queue)).toBeUndefined();
        },
      );
    });
  });
}
