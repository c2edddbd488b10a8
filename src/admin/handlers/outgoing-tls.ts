/** MTA-STS policies. */
import type { Administered, Handlers } from "../administered.ts";
import { nextHopDomainOf } from "./next-hop-domain.ts";

export function outgoingTlsHandlers({ relay, clock }: Administered): Pick<Handlers, "getMtaStsPolicy"> {
  const instant = (at: number): string => new Date(clock.wall().getTime() + at - clock.now()).toISOString();
  return {
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
