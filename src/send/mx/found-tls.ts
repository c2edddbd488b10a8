/** How TLS with the hosts that were found for a domain must be. */
import type { SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { HostPlan } from "../../core/mx/host-plan.ts";
import { planTls, type TlsPlan } from "../../core/tls-policy/plan-tls.ts";
import { levelStrength, stronger, type TlsStrength } from "../../core/tls-policy/taking-over.ts";
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

/** A domain's policies count for its mail. */
export const mayDemand = ({ daneEnabled, mtaSts }: SmtpSendConnector): boolean =>
  daneEnabled || mtaSts === "enforce";

/**
 * What the domain demands beyond the connector's settings, of the hosts that demand most. What could not be found out counts as
 * demanded: who can make it fail must not win by it.
 */
export function demandedByDomain(
  connector: SmtpSendConnector,
  domain: string,
  found: FoundHosts,
): TlsStrength {
  if (!mayDemand(connector)) return "clear";
  const { result, destination, mayHaveDane } = found;
  if (destination.sts.kind === "policy" && destination.sts.mode === "enforce") return "named";
  if (result.kind !== "hosts") return mayHaveDane ? "named" : "clear";
  const plan = tlsOfFound(connector, domain, result, found, undefined);
  if (plan.barred.length > 0 || plan.result.kind !== "hosts") return "named";
  return Array.from(plan.result.demands.values(), ({ level }) => levelStrength[level]).reduce(
    stronger,
    "clear",
  );
}
