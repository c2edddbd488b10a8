/** From connections and policies to what TLS reports count. */
import type { MtaStsPolicy } from "../../core/mta-sts/policy.ts";
import type { SessionResult } from "../../core/tls-report/day-results.ts";
import type { TlsaFact } from "../../core/tls-policy/tls-facts.ts";
import type { TlsFault, TlsOutcome } from "../../core/tls-policy/tls-result.ts";
import type { TlsResults } from "./tls-results.ts";

/** A connection that was opened, or a host that was not to be used; none for a connection that is used again. */
export interface MetTls {
  /** The recipient domain; empty where nothing is reported: of smart hosts, and of reports themselves. */
  readonly domain: string;
  readonly host: string;
  /** Empty where there was no connection. */
  readonly address: string;
  readonly localAddress: string;
  /** One for each policy of the domain. */
  readonly outcomes: readonly TlsOutcome[];
  /** The host's records, where DANE counted. */
  readonly tlsa?: readonly TlsaFact[];
}

export interface TlsCounter {
  /** Cost: see `TlsResults.count`, for each policy. */
  connection(met: MetTls): void;
  /** A policy could not be had. */
  policyFault(domain: string, fault: TlsFault, reason: string): void;
}

/** `policyOf`: the MTA-STS policy in force, as far as it is in memory. */
export function createTlsCounter(
  results: TlsResults,
  policyOf: (domain: string) => MtaStsPolicy | undefined,
): TlsCounter {
  const applied = (
    domain: string,
    { policy }: TlsOutcome,
    tlsa: readonly TlsaFact[],
  ): Pick<SessionResult, "policy" | "strings" | "mx"> => {
    switch (policy) {
      case "tlsa":
        return { policy, strings: tlsa.map(recordText), mx: [] };
      case "sts": {
        const known = policyOf(domain);
        return { policy, strings: known?.lines ?? [], mx: known?.mx ?? [] };
      }
      case "no-policy-found":
        return { policy, strings: [], mx: [] };
    }
  };
  return {
    connection({ domain, host, address, localAddress, outcomes, tlsa = [] }) {
      if (domain === "") return;
      for (const outcome of outcomes) {
        const { fault, detail } = outcome;
        results.count(domain, {
          ...applied(domain, outcome, tlsa),
          failure:
            fault === undefined
              ? undefined
              : { fault, sendingIp: localAddress, host, receivingIp: address, reason: detail },
        });
      }
    },
    policyFault(domain, fault, reason) {
      results.count(domain, {
        policy: "sts",
        strings: [],
        mx: [],
        failure: { fault, sendingIp: "", host: "", receivingIp: "", reason },
      });
    },
  };
}

/** As a zone file has it (RFC 6698 §2.2). */
function recordText({ usage, selector, matchingType, data }: TlsaFact): string {
  return `${usage} ${selector} ${matchingType} ${Buffer.from(data).toString("hex")}`;
}
