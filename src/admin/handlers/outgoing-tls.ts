/** MTA-STS policies, and TLS reports. */
import type { Administered, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { nextHopDomainOf } from "./next-hop-domain.ts";

export function outgoingTlsHandlers({
  relay,
  clock,
}: Administered): Pick<Handlers, "getMtaStsPolicy" | "listTlsReports"> {
  const instant = (at: number): string => new Date(clock.wall().getTime() + at - clock.now()).toISOString();
  return {
    async listTlsReports({ domain: given, date, limit }) {
      const domain = given === undefined ? undefined : nextHopDomainOf(given);
      const { reports, hasMore } = await relay.tlsReports({ domain, date }, limit);
      return {
        reports: reports.map(({ day, sent, report }) => ({
          ...day,
          sent,
          report: report as Output<"listTlsReports">["reports"][number]["report"],
        })),
        hasMore,
      };
    },
    async getMtaStsPolicy({ domain: given, refresh }) {
      const domain = nextHopDomainOf(given);
      const { kind, policy: known, reason } = await relay.mtaStsPolicy(domain, refresh);
      return {
        domain,
        policy: known === undefined ? (kind === "unknown" ? "unknown" : "none") : known.policy.mode,
        mx: [...(known?.policy.mx ?? [])],
        maxAge: known?.policy.maxAgeS ?? null,
        id: known?.id ?? null,
        fetchedAt: known === undefined ? null : instant(known.fetchedAt),
        until: known === undefined ? null : instant(known.until),
        reason: reason === "" ? null : reason,
      };
    },
  };
}
