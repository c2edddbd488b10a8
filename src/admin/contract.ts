/**
 * The one control surface: every operation with what goes in, what comes out, and where it is asked for. The shell
 * and the web console have no other door.
 */
import { z } from "zod";
import { answered, ofServer, type Unanswered } from "./contract/across-nodes.ts";
import { acceptedDomainOperations } from "./contract/accepted-domains.ts";
import { addressRewriteEntryOperations } from "./contract/address-rewrite-entries.ts";
import { apiKeyOperations } from "./contract/api-keys.ts";
import { applicationOperations } from "./contract/applications.ts";
import { backupOperations } from "./contract/backup.ts";
import { capturedOperations } from "./contract/captured.ts";
import { configurationOperations } from "./contract/configuration.ts";
import { connectorOperations } from "./contract/connectors.ts";
import { dkimOperations } from "./contract/dkim-keys.ts";
import { eventOperations } from "./contract/events.ts";
import { legacyTlsOperations } from "./contract/legacy-tls-clients.ts";
import { limitAdviceOperations } from "./contract/limit-advice.ts";
import { limitOperations } from "./contract/limits.ts";
import { mailRouteOperations } from "./contract/mail-routes.ts";
import { messageOperations } from "./contract/messages.ts";
import { nodeOperations } from "./contract/nodes.ts";
import { outgoingTlsOperations } from "./contract/outgoing-tls.ts";
import { refusalOperations } from "./contract/refusals.ts";
import { resourceOperations } from "./contract/resources.ts";
import { queueOperations } from "./contract/queues.ts";
import { sendBudgetOperations } from "./contract/send-budgets.ts";
import { serviceOperations } from "./contract/service.ts";
import { senderOperations } from "./contract/senders.ts";
import { tokenOperations } from "./contract/tokens.ts";
import { overviewOperations } from "./contract/overview.ts";
import { transportConfigOperations } from "./contract/transport-config.ts";
import { trackingOperations } from "./contract/tracking.ts";
import { userOperations } from "./contract/users.ts";
import { webhookOperations } from "./contract/webhooks.ts";
import { whatIfOperations } from "./contract/what-if.ts";
import type { faultSchema } from "./contract/values.ts";
import type { OperationName } from "./routes.ts";
import { isSpread, type SpreadName } from "./spread-operations.ts";

export { routes, type OperationName, type Role, type Route } from "./routes.ts";

const ofOneNode = {
  ...serviceOperations,
  ...eventOperations,
  ...nodeOperations,
  ...configurationOperations,
  ...connectorOperations,
  ...acceptedDomainOperations,
  ...userOperations,
  ...apiKeyOperations,
  ...transportConfigOperations,
  ...applicationOperations,
  ...senderOperations,
  ...addressRewriteEntryOperations,
  ...dkimOperations,
  ...webhookOperations,
  ...capturedOperations,
  ...backupOperations,
  ...legacyTlsOperations,
  ...limitOperations,
  ...whatIfOperations,
  ...limitAdviceOperations,
  ...refusalOperations,
  ...overviewOperations,
  ...resourceOperations,
  ...tokenOperations,
  ...trackingOperations,
  ...queueOperations,
  ...sendBudgetOperations,
  ...mailRouteOperations,
  ...outgoingTlsOperations,
  ...messageOperations,
} as const satisfies Record<OperationName, { readonly input: z.ZodObject; readonly output: z.ZodType }>;

/** What each is asked for and answers, with `server` and `unanswered` where several nodes have parts of it. */
export const operations = Object.fromEntries(
  Object.entries(ofOneNode).map(([name, { input, output }]) => [
    name,
    isSpread(name as OperationName)
      ? {
          input: (input as z.ZodObject).extend(ofServer),
          output: output instanceof z.ZodObject ? output.extend(answered) : output,
        }
      : { input, output },
  ]),
) as unknown as typeof ofOneNode;

/** As a caller gives it; what has a default may be left out. */
export type Input<Name extends OperationName> = z.input<(typeof ofOneNode)[Name]["input"]> &
  (Name extends SpreadName ? { readonly server?: string } : unknown);
/** As a handler gets it. */
export type ReadInput<Name extends OperationName> = z.output<(typeof ofOneNode)[Name]["input"]>;
export type Output<Name extends OperationName> = z.output<(typeof ofOneNode)[Name]["output"]> &
  (Name extends SpreadName ? { readonly unanswered?: Unanswered | undefined } : unknown);

/** Operations that answer with a stream of their output. */
export type StreamName =
  | "followEvents"
  | "followOverview"
  | "followReceiveConnectorTest"
  | "followLimitAdvice";

/** Operations that answer with octets. */
export type OctetsName =
  | "exportMessage"
  | "exportMessageTracking"
  | "exportSenders"
  | "exportTrafficRecord"
  | "getCapturedSource"
  | "getCapturedHtml"
  | "getCapturedAttachment";

/** What every operation answers when it is not done. */
export interface ErrorBody {
  readonly error: {
    readonly code: AdminErrorCode;
    readonly message: string;
    /** Every fault of a refused configuration or input. */
    readonly faults?: readonly ConfigurationFault[];
  };
}

export type ConfigurationFault = z.output<typeof faultSchema>;

export type AdminErrorCode =
  /** The input does not fit the operation. */
  | "invalidInput"
  /** The configuration would have faults; nothing was changed. */
  | "configurationRefused"
  | "notFound"
  | "alreadyExists"
  /** The file was changed by somebody else meanwhile; nothing was written. */
  | "fileChanged"
  /** The file cannot be read, written or edited in place. */
  | "fileFault"
  /** There is no room on the disk to do it; once there is, try again. */
  | "diskFull"
  | "stopping"
  /** What all nodes share cannot be asked now. */
  | "databaseAway"
  /** A node that has to be asked does not answer. */
  | "nodeAway"
  /** The disk fails. */
  | "diskFault"
  /** This relay was started without a configuration file. */
  | "noFile"
  /** Nobody is signed in, or the token is wrong. */
  | "unauthenticated"
  | "forbidden"
  | "tooLarge"
  /** Too many wrong tokens: later. */
  | "tooManyRequests"
  | "fault";
