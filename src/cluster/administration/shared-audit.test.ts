import { expect, test } from "vitest";
import { catalogue } from "../../events/catalogue.ts";
import type { EventRecord } from "../../events/events.ts";
import { createSharedAudit } from "./shared-audit.ts";

const action = (operation: string): EventRecord => ({
  name: "AdminAction",
  definition: catalogue.AdminAction,
  at: new Date("2026-02-01T10:00:00Z"),
  fields: { who: "anna", from: "10.0.0.1", outcome: "did", operation, target: "" },
});

/** Keeps what is added and answers with it, newest first; `away` it answers nothing. */
function databaseOfAudit() {
  const kept: { id: string; operation: string }[] = [];
  const state = { away: false };
  return {
    state,
    query: async (text: string, values: readonly unknown[]) => {
      await Promise.resolve();
      if (state.away) throw new Error("away");
      if (!text.includes("add_audit_1")) return kept.toReversed();
      const added = JSON.parse(String(values[0])) as typeof kept;
      kept.push(...added.filter(({ id }) => kept.every((entry) => entry.id !== id)));
      return [];
    },
  };
}

function auditOn(database: ReturnType<typeof databaseOfAudit>) {
  const audit = createSharedAudit({
    session: database as Parameters<typeof createSharedAudit>[0]["session"],
    name: (of) => of,
    node: "a",
  });
  const listed = async () => (await audit.list({ limit: 10 })).map(({ operation }) => operation);
  return { audit, listed };
}

test("who asks where something was just done finds it", async () => {
  const { audit, listed } = auditOn(databaseOfAudit());
  audit.heard(action("newAdminToken"));
  expect(await listed()).toEqual(["newAdminToken"]);
  audit.heard(action("removeAdminToken"));
  audit.heard(action("setReceiveConnector"));
  expect(await Promise.all([listed(), listed()])).toEqual([
    ["setReceiveConnector", "removeAdminToken", "newAdminToken"],
    ["setReceiveConnector", "removeAdminToken", "newAdminToken"],
  ]);
  await audit.close();
});

test("what was heard while the database was away is there when it is back", async () => {
  const database = databaseOfAudit();
  const { audit, listed } = auditOn(database);
  database.state.away = true;
  audit.heard(action("newAdminToken"));
  await expect(listed()).rejects.toThrow("away");
  audit.heard(action("removeAdminToken"));
  database.state.away = false;
  expect(await listed()).toEqual(["removeAdminToken", "newAdminToken"]);
  await audit.close();
});
