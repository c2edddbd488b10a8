/** Where MTA-STS policies come from (RFC 8461). */
import type { StsFact } from "../../core/tls-policy/tls-facts.ts";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";

export interface StsSource {
  /** The policy in force for a recipient domain (lower case, A-labels; never the one behind an alias). Never rejects. */
  of(
    domain: string,
    connector: SmtpSendConnector,
  ): Promise<{
    readonly sts: StsFact;
    /** Milliseconds for which it holds. */
    readonly keepMs: number;
  }>;
  /** What is no policy in force is asked for anew. */
  forget?(domain: string): void;
}
