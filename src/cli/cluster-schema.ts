/** The database of a configuration's section `cluster`, for commands. */
import { resolve } from "node:path";
import { openSession, type Session } from "../cluster/database/session.ts";
import { quotedName } from "../cluster/database/sql-names.ts";
import type { ListedNode } from "../cluster/nodes/node-contract.ts";
import { listNodes } from "../cluster/nodes/node-list.ts";
import { migrateSchema, schemaState, whyUnfit } from "../cluster/schema/migrate.ts";
import { formatFault } from "../config/fault.ts";
import { readConfigurationText } from "../config/edit-file.ts";
import { readClusterSection } from "../config/read-cluster-section.ts";
import type { ClusterSettings, DatabaseSettings } from "../core/policy/cluster-settings.ts";
import { chooseConfigFile } from "./config-file.ts";
import { CommandFault } from "./exit-code.ts";

export interface ConfiguredCluster {
  readonly file: string;
  readonly text: string;
  readonly cluster: ClusterSettings;
}

export async function configuredCluster(config: string | undefined): Promise<ConfiguredCluster> {
  const { file } = await chooseConfigFile(config);
  const text = await readConfigurationText(file);
  const { cluster, faults } = readClusterSection(text, file);
  if (faults.length > 0) throw new CommandFault(faults.map((fault) => formatFault(fault, file)).join("\n"));
  if (cluster === undefined)
    throw new CommandFault(`${file} has no section cluster, which says where the database is`);
  return { file, text, cluster };
}

export interface SchemaOwner {
  readonly owner: string | undefined;
  readonly passwordFile: string | undefined;
}

/** The cluster with the schema's owner in place of the role that nodes log on as. */
export function asOwner({ database, ...rest }: ClusterSettings, owner: SchemaOwner): ClusterSettings {
  return {
    ...rest,
    database: {
      ...database,
      user: owner.owner ?? database.user,
      passwordFile: owner.passwordFile === undefined ? database.passwordFile : resolve(owner.passwordFile),
    },
  };
}

export async function makeSchema(
  cluster: ClusterSettings,
  action: "init" | "migrate",
  owner: SchemaOwner,
): Promise<{ readonly before: number; readonly after: number }> {
  const { database } = cluster;
  const { database: by } = asOwner(cluster, owner);
  return asked(by, async (session) => {
    const { version } = await schemaState(session, database.schema);
    if (action === "migrate" && version === 0)
      throw new CommandFault("there is no schema yet; weir cluster init makes it");
    const runtime = by.user === database.user ? undefined : database.user;
    return migrateSchema(session, database.schema, { runtime });
  });
}

/** Also where no relay runs here. */
export async function readNodes({ database }: ClusterSettings): Promise<readonly ListedNode[]> {
  const schema = quotedName(database.schema);
  return asked(database, async (session) => {
    const state = await schemaState(session, database.schema);
    const unfit = whyUnfit(state);
    // One of another release can be listed all the same.
    if (unfit !== undefined && state.version === 0) throw new CommandFault(unfit);
    return listNodes(session, (of) => `${schema}.${of}`);
  });
}

async function asked<Answer>(
  settings: DatabaseSettings,
  ask: (session: Session) => Promise<Answer>,
): Promise<Answer> {
  const session = openSession(settings, "command");
  try {
    return await ask(session);
  } catch (error) {
    if (error instanceof CommandFault) throw error;
    throw new CommandFault(error instanceof Error ? error.message : String(error));
  } finally {
    session.close();
  }
}
