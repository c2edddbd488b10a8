/** Several nodes, one view: which operations are about what each node has for itself. Plain data, as routes.ts. */
import type { OperationName } from "./routes.ts";

/**
 * `each`: every node is asked, and the answers are made one. `every`: it is done at every node. `one`: the node that is asked
 * answers, or the one that `server` names. `records`: the node that is asked answers, out of the traffic records of all. What is not here is the same at all: it stands in the database, or in the configuration.
 */
export type Spread = "each" | "every" | "one" | "records";

export const spreadOperations = {
  about: "one",
  queryEvents: "each",
  followEvents: "each",
  listConnections: "each",
  listConnectionSources: "each",
  getLimitUsage: "each",
  listRefusals: "each",
  getResourcePressure: "one",
  explainSource: "each",
  explainReference: "each",
  searchMessageTracking: "each",
  exportMessageTracking: "each",
  explainMessage: "each",
  testConnectivity: "each",
  testSendConnector: "one",
  resolveNextHop: "one",
  listTlsReports: "one",
  getMtaStsPolicy: "one",
  getOverview: "each",
  followOverview: "each",
  listQueues: "each",
  retryQueue: "every",
  suspendQueue: "every",
  resumeQueue: "every",
  suspendMessages: "every",
  resumeMessages: "every",
  retryMessages: "every",
  redirectMessages: "every",
  removeMessages: "every",
  listSendBudgets: "each",
  listLegacyTlsClients: "each",
  listApplications: "each",
  listSenders: "each",
  exportSenders: "one",
  getSenderActivity: "each",
  getLimitAdvice: "records",
  followLimitAdvice: "records",
  testReceiveConnector: "records",
  followReceiveConnectorTest: "records",
  exportTrafficRecord: "one",
} as const satisfies Partial<Record<OperationName, Spread>>;

export type SpreadName = keyof typeof spreadOperations;

export function isSpread(name: OperationName): name is SpreadName {
  return Object.hasOwn(spreadOperations, name);
}
