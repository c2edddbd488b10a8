/** How TLS with the hosts that were found for a domain must be. */
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { HostPlan } from "../../core/mx/host-plan.ts";
import { planTls, type TlsPlan } from "../../core/tls-policy/plan-tls.ts";
import type { DaneFact, MessageTls } from "../../core/tls-policy/tls-facts.ts";
import type { FoundHosts } from "./mail-hosts.ts";

/** `plan`: the result of `found`. */
export function tlsOfFound(
  connector: SmtpSendConnector,
  domain: string,
  plan: HostPlan,
  found: FoundHosts,
  message: MessageTls | undefined,
): TlsPlan {
  return planTls(connector, domain, plan, found.destination, (host) => daneOfFound(found, host), message);
}

/** Of an address in brackets nothing is asked. */
export function daneOfFound({ dane }: FoundHosts, host: string): DaneFact {
  return dane.get(host) ?? { kind: "unasked", reason: "it is an address" };
}
