/** What a test of a send connector is asked for, and what it works with. */
import type { Signer } from "../../dkim/signer.ts";
import type { HttpRequest } from "../../ports/http-request.ts";
import type { Ports } from "../../ports/ports.ts";
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { DnsDelivery } from "../mx/dns-delivery.ts";
import type { MailHosts } from "../mx/mail-hosts.ts";
import type { Transcript } from "../delivery/smtp/wire/transcript.ts";

export interface WantedTest {
  readonly from: string;
  /** A message is sent to it, by the first address that is ready. */
  readonly to: string | undefined;
  /** For each address, and for each name, and for the token. */
  readonly timeoutMs: number;
  /** How long ago the configuration was changed, where it is known. */
  readonly changedAgoMs: number | undefined;
  readonly signal: AbortSignal;
}

export interface TestContext {
  readonly ports: Ports;
  readonly http: HttpRequest;
  readonly hostname: string;
  readonly signer: Signer;
  /** The look-ups of delivery by MX record; without, nothing is known of any domain. */
  readonly mailHosts?: (connector: SmtpSendConnector) => Pick<MailHosts, "of" | "addresses">;
  /** As delivery has it of smart hosts; without, what the settings demand. */
  readonly tlsOf?: DnsDelivery["tlsOf"];
  /** The protocol log, where the connector keeps one. */
  readonly transcript: Transcript | undefined;
}
