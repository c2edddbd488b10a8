/** All operations of the admin API over one relay. */
import type { Resolver } from "../ports/lookup.ts";
import type { Administered, Handlers } from "./administered.ts";
import { acceptedDomainHandlers } from "./handlers/accepted-domains.ts";
import { addressRewriteEntryHandlers } from "./handlers/address-rewrite-entries.ts";
import { apiKeyHandlers } from "./handlers/api-keys.ts";
import { applicationHandlers } from "./handlers/applications.ts";
import { auditHandlers } from "./handlers/audit.ts";
import { backupHandlers } from "./handlers/backup.ts";
import { configurationVersionHandlers } from "./handlers/configuration-versions.ts";
import { connectionHandlers } from "./handlers/connections.ts";
import { connectivityHandlers } from "./handlers/connectivity.ts";
import { webhookHandlers } from "./handlers/webhooks.ts";
import { dkimKeyHandlers } from "./handlers/dkim-keys.ts";
import { eventHandlers } from "./handlers/events.ts";
import { explanationHandlers } from "./handlers/explanations.ts";
import { capturedHandlers } from "./handlers/captured.ts";
import { legacyTlsHandlers } from "./handlers/legacy-tls-clients.ts";
import { limitAdviceHandlers } from "./handlers/limit-advice.ts";
import { limitUsageHandlers } from "./handlers/limit-usage.ts";
import { mailRouteHandlers } from "./handlers/mail-routes.ts";
import { messageActionHandlers } from "./handlers/message-actions.ts";
import { messageHandlers } from "./handlers/messages.ts";
import { nodeHandlers } from "./handlers/nodes.ts";
import { outgoingTlsHandlers } from "./handlers/outgoing-tls.ts";
import { queueHandlers } from "./handlers/queues.ts";
import { overviewHandlers } from "./handlers/overview.ts";
import { receiveConnectorHandlers } from "./handlers/receive-connectors.ts";
import { receiveConnectorTestHandlers } from "./handlers/receive-connector-test.ts";
import { refusalHandlers } from "./handlers/refusals.ts";
import { resourcePressureHandlers } from "./handlers/resource-pressure.ts";
import { sendBudgetHandlers } from "./handlers/send-budgets.ts";
import { sendConnectorHandlers } from "./handlers/send-connectors.ts";
import { sendConnectorTestHandlers } from "./handlers/send-connector-test.ts";
import { senderHandlers } from "./handlers/senders.ts";
import { serviceControlHandlers } from "./handlers/service-control.ts";
import { serviceHandlers } from "./handlers/service.ts";
import { tokenHandlers } from "./handlers/tokens.ts";
import { trackingHandlers } from "./handlers/tracking.ts";
import { transportConfigHandlers } from "./handlers/transport-config.ts";
import { userHandlers } from "./handlers/users.ts";

/** `resolver`: asks DNS for what administrators want to know. */
export function createHandlers(administered: Administered, resolver: Resolver): Handlers {
  return {
    ...serviceHandlers(administered),
    ...serviceControlHandlers(administered),
    ...nodeHandlers(administered),
    ...auditHandlers(administered),
    ...configurationVersionHandlers(administered),
    ...queueHandlers(administered),
    ...capturedHandlers(administered),
    ...backupHandlers(administered),
    ...legacyTlsHandlers(administered),
    ...sendBudgetHandlers(administered),
    ...messageHandlers(administered),
    ...messageActionHandlers(administered),
    ...receiveConnectorHandlers(administered),
    ...receiveConnectorTestHandlers(administered),
    ...sendConnectorHandlers(administered),
    ...sendConnectorTestHandlers(administered),
    ...mailRouteHandlers(administered),
    ...outgoingTlsHandlers(administered),
    ...acceptedDomainHandlers(administered),
    ...userHandlers(administered),
    ...apiKeyHandlers(administered),
    ...transportConfigHandlers(administered),
    ...applicationHandlers(administered),
    ...senderHandlers(administered),
    ...addressRewriteEntryHandlers(administered),
    ...dkimKeyHandlers(administered, resolver),
    ...webhookHandlers(administered),
    ...eventHandlers(administered),
    ...connectionHandlers(administered),
    ...limitUsageHandlers(administered),
    ...limitAdviceHandlers(administered),
    ...refusalHandlers(administered),
    ...overviewHandlers(administered),
    ...resourcePressureHandlers(administered),
    ...explanationHandlers(administered),
    ...connectivityHandlers(administered),
    ...tokenHandlers(administered),
    ...trackingHandlers(administered),
  };
}
