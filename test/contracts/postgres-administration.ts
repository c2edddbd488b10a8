/** What is kept for all nodes of their administration: who changed what, when keys were used, which configuration is in force. */
import { beforeEach, describe, expect, test, vi } from "vitest";
import { createSharedAudit } from "../../src/cluster/administration/shared-audit.ts";
import { shareKeyUses } from "../../src/cluster/administration/shared-key-uses.ts";
import { openConfigurationDocuments } from "../../src/cluster/configuration/configuration-documents.ts";
import { DatabaseFault } from "../../src/ports/database-fault.ts";
import type { Database } from "../../src/cluster/database/database.ts";
import type { Session } from "../../src/cluster/database/session.ts";
import { listNodes } from "../../src/cluster/nodes/node-list.ts";
import type { ApiKey } from "../../src/core/authentication/api-key.ts";
import { createEventLog, type EventLog } from "../../src/events/event-log.ts";
import { createApiKeys } from "../../src/receive/authentication/api-keys.ts";
import { createFakeClock } from "../../src/testing/fake-clock.ts";
import { emptySchema, openNode } from "../lab/postgres-spool.ts";

export function describePostgresAdministration(databaseOf: () => Database): void {
  describe("administration", () => {
    let database: Database;
    let events: EventLog;
    const clock = createFakeClock();
    beforeEach(async () => {
      database = databaseOf();
      // The database keeps them by its own clock.
      events = createEventLog({ clock: { ...clock, wall: () => new Date() }, levels: {} });
      const { heartbeat, name } = database;
      await emptySchema(database);
      await heartbeat.query(
        ["audit", "api_key_use", "configuration", "configuration_applied"]
          .map((table) => `delete from ${name(table)}`)
          .join("; "),
      );
    });

    const auditOf = (node: string, session: Pick<Session, "query"> = database.inspection) => {
      const audit = createSharedAudit({ session, name: database.name, node });
      const stop = events.subscribe((record) => audit.heard(record));
      return { ...audit, stop };
    };

    test("what is done on one node is shown by any, once though its answer was lost, and over a restart", async () => {
      let calls = 0;
      const losing: Pick<Session, "query"> = {
        async query(...given) {
          const rows = await database.inspection.query(...given);
          if (calls++ === 0) throw new DatabaseFault("lost", "the connection broke");
          return rows as never;
        },
      };
      const a = auditOf("a", losing);
      const action = { who: "anna", from: "10.0.0.1", outcome: "did", operation: "setReceiveConnector" };
      events.emit("AdminAction", { ...action, target: "App\0Relay" });
      events.emit("ServiceSuspended", { who: "shell (socket)", since: "2026-11-29T08:00:00Z" });
      await vi.waitFor(() => expect(calls).toBe(1));
      await a.close();
      a.stop();
      const b = auditOf("b");
      b.stop();
      expect(await b.list({ limit: 10 })).toEqual(
        expect.arrayContaining([
          {
            at: expect.any(Date),
            node: "a",
            event: 20530,
            who: "anna",
            from: "10.0.0.1",
            operation: "setReceiveConnector",
            target: "AppRelay",
            text: "anna (10.0.0.1) did setReceiveConnector App\\x00Relay",
          },
          expect.objectContaining({ node: "a", who: "shell", from: "socket", operation: "ServiceSuspended" }),
        ]),
      );
      const found = async (query: object) =>
        (await b.list({ ...query, limit: 10 })).map(({ event }) => event);
      expect(await found({ who: "ANNA" })).toEqual([20530]);
      expect(await found({ text: "receiveconnector" })).toEqual([20530]);
      expect(await found({ node: "B" })).toEqual([]);
      expect(await found({ since: new Date(Date.now() + 60_000) })).toEqual([]);
      expect(await b.list({ limit: 1 })).toHaveLength(1);
      // What is older than it is kept goes with the next entry.
      await database.heartbeat.query(
        `update ${database.name("audit")} set at = clock_timestamp() - interval '91 days'`,
      );
      const again = auditOf("b");
      events.emit("AdminAction", { ...action, target: "later" });
      await again.close();
      again.stop();
      expect((await b.list({ limit: 10 })).map(({ target }) => target)).not.toContain("AppRelay");
    });

    test("text that the database takes no part of stops nothing behind it", async () => {
      const a = auditOf("a");
      const action = { who: "anna", from: "10.0.0.1", outcome: "did", operation: "suspendQueue" };
      for (const target of ["half \ud800 of a pair", "the other \udc00\ud800", "n\0l", "😀", "behind them"])
        events.emit("AdminAction", { ...action, target });
      const entries = await a.list({ limit: 10 });
      expect(new Set(entries.map(({ target }) => target))).toEqual(
        new Set(["half \ufffd of a pair", "the other \ufffd\ufffd", "nl", "😀", "behind them"]),
      );
      for (const text of ["\ud800", "\0"]) expect(await a.list({ text, limit: 10 })).toBeInstanceOf(Array);
      const documents = openConfigurationDocuments(database.inspection, database.name, "a");
      const by = { name: "an\0na", from: "\ud800", doing: "a\0test" };
      expect(await documents.add(0, "a: 1", by)).toMatchObject({ version: 1 });
      await documents.tell(1, ["n\0l", "half \ud800"], undefined);
      expect((await documents.applied())[0]?.faults).toEqual(["n\ufffdl", "half \ufffd"]);
      await a.close();
      a.stop();
    });

    test("an entry that the database refuses keeps nothing behind it back", async () => {
      const strict: Pick<Session, "query"> = {
        async query(...given) {
          if (String(given[1]?.[0]).includes("refused")) throw new DatabaseFault("refused", "no", "22P02");
          return database.inspection.query(...given);
        },
      };
      const a = auditOf("a", strict);
      const action = { who: "anna", from: "10.0.0.1", outcome: "did", operation: "suspendQueue" };
      for (const target of ["one", "refused", "two"]) events.emit("AdminAction", { ...action, target });
      const targets = async () => new Set((await a.list({ limit: 10 })).map(({ target }) => target));
      expect(await targets()).toEqual(new Set(["one", "two"]));
      await a.close();
      a.stop();
    });

    test("when a key was used last on any node, all know", async () => {
      const keys: readonly ApiKey[] = [];
      const nodes = ["a", "b"].map(() => createApiKeys(keys, clock, new Map([["gone", 1]])));
      const uses = [new Map([["hash", 1_000]]), new Map<string, number>()];
      const share = (index: number) =>
        shareKeyUses({
          session: database.inspection,
          name: database.name,
          clock,
          keys: {
            uses: () => uses[index] ?? new Map(),
            learn: (hash, at) => void uses[index]?.set(hash, Math.max(at, uses[index].get(hash) ?? 0)),
          },
        });
      await share(0).close();
      await share(1).close();
      expect(uses[1]).toEqual(new Map([["hash", 1_000]]));
      uses[1]?.set("hash", 3_000);
      await share(1).close();
      uses[0]?.set("hash", 2_000);
      await share(0).close();
      expect(uses[0]).toEqual(new Map([["hash", 3_000]]));
      // Of a key that no configuration has nobody learns.
      nodes[0]?.learn("unknown", 5);
      expect(nodes[0]?.uses().size).toBe(0);
    });

    test("which version each node has in force, and why not the newest", async () => {
      const node = await openNode({ clock, name: "shown", leaseMs: 3_600_000, database });
      const documents = openConfigurationDocuments(database.inspection, database.name, "shown");
      const by = { name: "anna", from: "socket", doing: "a test" };
      const shown = async () =>
        (await listNodes(database.inspection, database.name)).find(({ name }) => name === "shown")
          ?.configuration;
      try {
        expect(await shown()).toBeUndefined();
        await documents.add(0, "a: 1", by);
        await documents.tell(1, [], 1);
        await documents.add(1, "a: 2", by);
        await documents.tell(2, ["a key is missing"], undefined);
        expect(await shown()).toEqual({ inForce: 1, newest: 2, faults: ["a key is missing"] });
        await documents.tell(2, [], 2);
        expect(await shown()).toEqual({ inForce: 2, newest: 2, faults: [] });
      } finally {
        await node.close();
      }
    });
  });
}
