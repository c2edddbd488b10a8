/** What a session needs from around it. */
import type { BearerResponse } from "../../core/authentication/bearer-response.ts";
import type { ClientCertificate } from "../../core/authentication/certificate-name.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { SilentKind } from "../../core/refusals/catalogue.ts";
import type { Refusal, Refused, RefusedFacts, ToldRefusal } from "../../core/refusals/refusal.ts";
import type { GrantingReply } from "../../core/smtp/reply.ts";
import type { LogonOutcome } from "../authentication/logon.ts";
import type { TransactionServices } from "../transaction/services.ts";
import type { ServerContexts } from "../tls/server-contexts.ts";
import type { SessionState } from "./state.ts";

export interface SessionServices extends TransactionServices {
  /** The greeting that answers a new connection. */
  greeting(connector: ReceiveConnectorSettings): GrantingReply;
  /** Undefined: this connector cannot do TLS now. */
  tlsContexts(connector: ReceiveConnectorSettings): ServerContexts | undefined;
  /** Whether the password is the user's. `source`: whose turn it is, where many log on. Rejects when it cannot be told. */
  authenticate(user: string, password: string, source: string): Promise<LogonOutcome>;
  /** Whose token it is. Rejects when it cannot be told. */
  authenticateToken(given: BearerResponse): Promise<LogonOutcome>;
  /** Whose certificate it is; `identity`: whom the client wants to be, empty for whoever it is. */
  authenticateCertificate(certificate: ClientCertificate, identity: string): LogonOutcome;
  /** There is an account of this name. */
  isAccount(user: string): boolean;
  /** Gives the reply that says what only follows from an earlier refusal; nothing is told anew. */
  refuseAgain(state: SessionState, what: Refused, earlier: Refusal): ToldRefusal;
  /** Tells a refusal that no reply can say. */
  tellRefusal(state: SessionState, kind: SilentKind, facts?: RefusedFacts): void;
  /** Each of its replies is held back. */
  isDiscredited(state: SessionState): boolean;
  /** It hung up while a refusal was held back. */
  leftInTarpit(state: SessionState): void;
  ended(state: SessionState): void;
}
