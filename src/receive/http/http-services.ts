/** What the HTTP door needs from around it. */
import type { SilentKind } from "../../core/refusals/catalogue.ts";
import type { RefusedFacts } from "../../core/refusals/refusal.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { ProtocolLog } from "../../logs/protocol-log.ts";
import type { RateLeft } from "../admission/admission.ts";
import type { Client } from "../admission/client.ts";
import type { Logons } from "../authentication/logons.ts";
import type { SpoolInspection } from "../../spool/spool-inspection.ts";
import type { TrackingLog } from "../../tracking/tracking.ts";
import type { Submissions } from "../submission/submissions.ts";
import type { ServerContexts } from "../tls/server-contexts.ts";
import type { TransactionServices } from "../transaction/services.ts";
import type { Submitter } from "../transaction/submitter.ts";
import type { HttpConnection } from "./http-connection.ts";

export interface HttpServices
  extends TransactionServices, Pick<Logons, "authenticate" | "authenticateToken" | "authenticateKey"> {
  readonly submissions: Submissions;
  /** For who asks what became of a message. */
  readonly history: Pick<TrackingLog, "search">;
  readonly inspection: Pick<SpoolInspection, "find">;
  /** All that are in force: another object with each change. */
  readonly settings: () => object;
  /** The connector of that name, if it would still be chosen for this connection. */
  readonly connectorNow: (connection: HttpConnection) => ReceiveConnectorSettings | undefined;
  /** Those in force. */
  readonly connectors: () => readonly ReceiveConnectorSettings[];
  readonly protocolLog: ProtocolLog;
  readonly hostname: string;
  /** Undefined: this connector cannot do TLS now. */
  tlsContexts(connector: ReceiveConnectorSettings): ServerContexts | undefined;
  /** Tells a refusal that no answer can say. */
  tell(connection: HttpConnection, kind: SilentKind, facts?: RefusedFacts): void;
  /** What is left of the message rate that refuses this client's messages first; undefined: none counts them. */
  messagesLeft(submitter: Submitter): Promise<RateLeft> | undefined;
  isDiscredited(client: Client): boolean;
  /** It hung up while a refusal was held back. */
  leftInTarpit(client: Client): void;
  /** A handshake in an old version of TLS. */
  metOldTls(connection: HttpConnection): void;
  placeFreed(connector: string): void;
}
