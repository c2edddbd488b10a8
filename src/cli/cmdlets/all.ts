/** Every command, in the order of help. */
import { groups, type Cmdlet } from "../cmdlet.ts";
import { acceptedDomainCmdlets } from "./accepted-domains.ts";
import { addressRewriteEntryCmdlets } from "./address-rewrite-entries.ts";
import { applicationCmdlets } from "./applications.ts";
import { adminTokenCmdlets } from "./admin-tokens.ts";

import { clusterCmdlets } from "./cluster.ts";
import { nodeCmdlets } from "./nodes.ts";
import { configurationVersionCmdlets } from "./configuration-versions.ts";
import { diagnosticCmdlets } from "./diagnostics.ts";
import { dkimKeyCmdlets } from "./dkim-keys.ts";
import { movingCmdlets } from "./moving-here.ts";
import { outgoingTlsCmdlets } from "./outgoing-tls.ts";
import { queueCmdlets } from "./queues.ts";
import { receiveConnectorCmdlets } from "./receive-connectors.ts";
import { runningCmdlets } from "./running.ts";
import { sendConnectorCmdlets } from "./send-connectors.ts";
import { serviceCmdlets } from "./service.ts";
import { shellCmdlets } from "./shell.ts";
import { transportConfigCmdlets } from "./transport-config.ts";
import { trackingCmdlets } from "./tracking.ts";
import { upkeepCmdlets } from "./upkeep.ts";
import { apiKeyCmdlets } from "./api-keys.ts";
import { userCmdlets } from "./users.ts";
import { webhookCmdlets } from "./webhooks.ts";

const all = [
  ...runningCmdlets,
  ...serviceCmdlets,
  ...upkeepCmdlets,
  ...clusterCmdlets,
  ...nodeCmdlets,
  ...configurationVersionCmdlets,
  ...adminTokenCmdlets,
  ...diagnosticCmdlets,
  ...webhookCmdlets,
  ...trackingCmdlets,
  ...receiveConnectorCmdlets,
  ...acceptedDomainCmdlets,
  ...userCmdlets,
  ...apiKeyCmdlets,
  ...applicationCmdlets,
  ...sendConnectorCmdlets,
  ...outgoingTlsCmdlets,
  ...addressRewriteEntryCmdlets,
  ...transportConfigCmdlets,
  ...dkimKeyCmdlets,
  ...queueCmdlets,
  ...movingCmdlets,
  ...shellCmdlets,
];

export const cmdlets: readonly Cmdlet[] = groups.flatMap((group) => all.filter((it) => it.group === group));
