/**
 * Every operation of the admin API: where it is asked for, and who may. Plain data, so that a client needs nothing
 * else. routes/ has a file for each thing that is spoken of; what goes in and comes out stands in the file of the same name
 * of contract/.
 */
import { acceptedDomainRoutes } from "./routes/accepted-domains.ts";
import { addressRewriteEntryRoutes } from "./routes/address-rewrite-entries.ts";
import { apiKeyRoutes } from "./routes/api-keys.ts";
import { applicationRoutes } from "./routes/applications.ts";
import { backupRoutes } from "./routes/backup.ts";
import { capturedRoutes } from "./routes/captured.ts";
import { configurationRoutes } from "./routes/configuration.ts";
import { connectorRoutes } from "./routes/connectors.ts";
import { dkimKeyRoutes } from "./routes/dkim-keys.ts";
import { eventRoutes } from "./routes/events.ts";
import { legacyTlsRoutes } from "./routes/legacy-tls-clients.ts";
import { limitAdviceRoutes } from "./routes/limit-advice.ts";
import { limitRoutes } from "./routes/limits.ts";
import { mailRouteRoutes } from "./routes/mail-routes.ts";
import { messageRoutes } from "./routes/messages.ts";
import { nodeRoutes } from "./routes/nodes.ts";
import { outgoingTlsRoutes } from "./routes/outgoing-tls.ts";
import { overviewRoutes } from "./routes/overview.ts";
import { queueRoutes } from "./routes/queues.ts";
import { refusalRoutes } from "./routes/refusals.ts";
import { resourceRoutes } from "./routes/resources.ts";
import { sendBudgetRoutes } from "./routes/send-budgets.ts";
import { senderRoutes } from "./routes/senders.ts";
import { serviceRoutes } from "./routes/service.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { trackingRoutes } from "./routes/tracking.ts";
import { transportConfigRoutes } from "./routes/transport-config.ts";
import { userRoutes } from "./routes/users.ts";
import { webhookRoutes } from "./routes/webhooks.ts";
import { whatIfRoutes } from "./routes/what-if.ts";
import type { Route } from "./routes/route.ts";

export type { Role, Route } from "./routes/route.ts";

export const routes = {
  ...serviceRoutes,
  ...connectorRoutes,
  ...whatIfRoutes,
  ...limitAdviceRoutes,
  ...mailRouteRoutes,
  ...outgoingTlsRoutes,
  ...acceptedDomainRoutes,
  ...userRoutes,
  ...apiKeyRoutes,
  ...applicationRoutes,
  ...senderRoutes,
  ...addressRewriteEntryRoutes,
  ...webhookRoutes,
  ...dkimKeyRoutes,
  ...nodeRoutes,
  ...transportConfigRoutes,
  ...eventRoutes,
  ...limitRoutes,
  ...refusalRoutes,
  ...resourceRoutes,
  ...trackingRoutes,
  ...overviewRoutes,
  ...queueRoutes,
  ...capturedRoutes,
  ...legacyTlsRoutes,
  ...sendBudgetRoutes,
  ...messageRoutes,
  ...configurationRoutes,
  ...backupRoutes,
  ...tokenRoutes,
} as const satisfies Record<string, Route>;

export type OperationName = keyof typeof routes;
