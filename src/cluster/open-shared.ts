/** What nodes share beside their mail, on one session of its own: it is asked for before there is a node, and by commands. */
import type { ClusterSettings } from "../core/policy/cluster-settings.ts";
import type { ConfigurationDocuments } from "../ports/configuration-documents.ts";
import type { KeptTokens } from "../ports/kept-tokens.ts";
import { tokensInDatabase } from "./administration/tokens-in-database.ts";
import { openConfigurationDocuments } from "./configuration/configuration-documents.ts";
import { DatabaseFault } from "../ports/database-fault.ts";
import { openSession } from "./database/session.ts";
import { quotedName } from "./database/sql-names.ts";
import { schemaState, whyUnfit } from "./schema/migrate.ts";

export interface Shared {
  readonly documents: ConfigurationDocuments;
  /** Of administrators. */
  readonly tokens: KeptTokens;
  close(): void;
}

const answerMs = 5_000;
const againMs = 500;

/**
 * Waits up to `patienceMs` for a database that fails over; `onWait` hears once what it waits for. Rejects with DatabaseFault.
 */
export async function openShared(
  { node, database }: ClusterSettings,
  patienceMs: number,
  onWait: (reason: string) => void = () => undefined,
): Promise<Shared> {
  const session = openSession(database, "configuration", { timeoutMs: answerMs });
  const until = performance.now() + patienceMs;
  let isWaiting = false;
  try {
    for (;;)
      try {
        const unfit = whyUnfit(await schemaState(session, database.schema));
        if (unfit !== undefined) throw new DatabaseFault("refused", unfit);
        break;
      } catch (error) {
        const mayPass = error instanceof DatabaseFault && error.kind !== "refused";
        if (!mayPass || performance.now() > until) throw error;
        if (!isWaiting) onWait(error.message);
        isWaiting = true;
        await new Promise((resolve) => setTimeout(resolve, againMs));
      }
  } catch (error) {
    session.close();
    throw error;
  }
  const prefix = quotedName(database.schema);
  const name = (of: string): string => `${prefix}.${of}`;
  return {
    documents: openConfigurationDocuments(session, name, node),
    tokens: tokensInDatabase(session, name),
    close: () => session.close(),
  };
}
