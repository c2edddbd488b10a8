/** The configuration that nodes share, and the tokens of their administrators, in PostgreSQL. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tokensInDatabase } from "../../src/cluster/administration/tokens-in-database.ts";
import { openConfigurationDocuments } from "../../src/cluster/configuration/configuration-documents.ts";
import { DatabaseFault } from "../../src/ports/database-fault.ts";
import type { Database } from "../../src/cluster/database/database.ts";
import type { Session } from "../../src/cluster/database/session.ts";
import { sharedStore } from "../../src/config/shared-store.ts";
import { describeKeptTokens } from "./kept-tokens-contract.ts";
import { describeConfigurationStore, ownText, sharedText } from "./configuration-store-contract.ts";

const by = { name: "other", from: "socket", doing: "a test" };

export function describePostgresConfiguration(connected: () => Database): void {
  const documentsOf = (node: string, session = connected().inspection) =>
    openConfigurationDocuments(session, connected().name, node);
  const empty = async (): Promise<void> => {
    const { heartbeat, name } = connected();
    await heartbeat.query(
      `delete from ${name("configuration")}; delete from ${name("configuration_applied")}`,
    );
  };

  describeConfigurationStore("the configuration in PostgreSQL", async () => {
    const folder = await mkdtemp(join(tmpdir(), "weir-store-"));
    const file = join(folder, "weir.yaml");
    await writeFile(file, ownText);
    const other = documentsOf("b");
    await other.add(0, sharedText, by);
    return {
      store: sharedStore(file, documentsOf("a"), 50),
      async write(text) {
        const head = await other.head();
        await other.add(head?.version ?? 0, text, by);
      },
      async end() {
        await empty();
        await rm(folder, { recursive: true, force: true });
      },
    };
  });

  describeKeptTokens("tokens in PostgreSQL", () => {
    const again = () => tokensInDatabase(connected().inspection, connected().name, 20);
    return Promise.resolve({
      kept: again(),
      again,
      end: async () => {
        await connected().heartbeat.query(`delete from ${connected().name("admin_token")}`);
      },
    });
  });

  test("a version whose answer is lost is made once", async () => {
    const { inspection } = connected();
    let lost = 0;
    const losing: Session = {
      ...inspection,
      async query(text, values, timeoutMs) {
        const rows = await inspection.query(text, values, timeoutMs);
        if (lost++ === 0) throw new DatabaseFault("lost", "the connection broke");
        return rows as never;
      },
    };
    const documents = documentsOf("a", losing);
    expect(await documents.add(0, "a: 1", by)).toMatchObject({ version: 1, text: "a: 1" });
    expect(await documents.add(0, "a: 2", by)).toBeUndefined();
    expect(await documents.versions(10)).toHaveLength(1);
    await empty();
  });
}
