/** The mail hosts of a domain with what TLS with each must be like: those that are barred are left out. */
import { later, refused, type NoHosts } from "../mx/dns-facts.ts";
import { orderText } from "../mx/exchangers.ts";
import type { HostPlan, MailHost } from "../mx/host-plan.ts";
import { decideHostTls } from "./decide-host-tls.ts";
import { demandKey, isByDomain, type TlsBarred, type TlsDemand } from "./tls-demand.ts";
import type { DaneFact, DestinationFacts, MessageTls, TlsSettings } from "./tls-facts.ts";

export interface SecuredHosts {
  readonly kind: "hosts";
  /** Groups as in HostPlan, without those that are barred. */
  readonly groups: readonly (readonly MailHost[])[];
  /** Of each of them. */
  readonly demands: ReadonlyMap<string, TlsDemand>;
  /** Names the hosts in their order, with those that are barred: what limits and pace are for. */
  readonly site: string;
  /** The same for whatever may share connections: site, hosts and demands. */
  readonly key: string;
  /** Where a certificate may be for one domain alone: the same for what may share connections even then. */
  readonly ownKey: string | undefined;
}

export interface TlsPlan {
  readonly result: SecuredHosts | NoHosts;
  readonly barred: readonly { readonly host: string; readonly tls: TlsBarred }[];
}

/** `daneOf`: by host. */
export function planTls(
  settings: TlsSettings,
  domain: string,
  plan: HostPlan,
  destination: DestinationFacts,
  daneOf: (host: string) => DaneFact,
  message: MessageTls | undefined,
): TlsPlan {
  const demands = new Map<string, TlsDemand>();
  const barred: { readonly host: string; readonly tls: TlsBarred }[] = [];
  for (const { name } of plan.groups.flat()) {
    const tls = decideHostTls(settings, destination, { name, dane: daneOf(name) }, message);
    if (tls.kind === "demand") demands.set(name, tls);
    else barred.push({ host: name, tls });
  }
  if (demands.size === 0) return { result: noneLeft(domain, barred), barred };
  const groups = plan.groups
    .map((group) => group.filter(({ name }) => demands.has(name)))
    .filter((group) => group.length > 0);
  const { site } = plan;
  const perHost = Array.from(demands, ([name, demand]) => `${name} ${demandKey(demand)}`);
  const key = [site, orderText(groups), ...perHost].join("\n");
  const ownKey = [...demands.values()].some(isByDomain) ? [key, ...destination.names].join("\n") : undefined;
  return { result: { kind: "hosts", groups, demands, site, key, ownKey }, barred };
}

/** One host that may be used later is reason enough to wait. */
function noneLeft(domain: string, barred: readonly { readonly tls: TlsBarred }[]): NoHosts {
  const reasons = [...new Set(barred.map(({ tls }) => tls.reason))].join("; ");
  const waiting = barred.find(({ tls }) => !tls.isPermanent)?.tls;
  if (waiting === undefined)
    return refused(550, "5.7.30", `REQUIRETLS support required, which ${domain} lacks: ${reasons}`);
  const text = `no mail host of ${domain} can be used: ${reasons}`;
  return later(waiting.status === "4.7.30" ? "4.7.30" : "4.7.5", text);
}
