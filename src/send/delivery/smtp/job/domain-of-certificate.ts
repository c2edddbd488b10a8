/** Whether mail of a domain may go over a connection whose certificate is for domains instead of the host (DANE-TA, RFC 7672 §3.2.2). */
import type { Verdict } from "../../delivery.ts";
import { localVerdict } from "../wire/peer-verdict.ts";
import type { Job } from "./job.ts";

/** Undefined: it may. Cost for all other connections: one comparison. */
export function domainRefusal(
  { demands }: Pick<Job, "demands">,
  host: string,
  { onlyFor }: { readonly onlyFor: readonly string[] | undefined },
): Verdict | undefined {
  if (onlyFor === undefined) return undefined;
  const demand = demands?.get(host);
  const names = demand?.kind === "demand" ? demand.certificate.tlsa?.names : undefined;
  if (names?.some((name) => onlyFor.includes(name)) === true) return undefined;
  return localVerdict(
    "4.7.5",
    `451 4.7.5 the certificate that ${host} presents is for ${onlyFor.join(", ")}`,
  );
}
