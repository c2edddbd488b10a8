/** Resolve-NextHop: where mail of a domain would go now, and why. Nothing is connected to. */
import { explainHosts, type ResolutionStep } from "../../core/mx/explain-hosts.ts";
import { queueNameOf } from "../../core/policy/next-hops.ts";
import { rankSendConnectors } from "../../core/policy/send-connector-choice.ts";
import type {
  SendConnectorSettings,
  SmartHost,
  SmtpSendConnector,
} from "../../core/policy/send-connector.ts";
import { daneText, tlsText } from "../../core/tls-policy/explain-tls.ts";
import type { TlsPlan } from "../../core/tls-policy/plan-tls.ts";
import type { HostTls } from "../../core/tls-policy/tls-demand.ts";
import type { DaneFact } from "../../core/tls-policy/tls-facts.ts";
import type { Clock, Dns } from "../../ports/ports.ts";
import type { PeerMemory } from "../delivery/smtp/peer/peer.ts";
import { daneOfFound, tlsOfFound } from "./found-tls.ts";
import type { DnsDelivery } from "./dns-delivery.ts";

export interface NextHopResolution {
  /** Lower case, A-labels. */
  readonly domain: string;
  /** Undefined: no connector serves it. */
  readonly connector: string | undefined;
  /** In the spool; where its mail waits. */
  readonly queue: string | undefined;
  /** `ready`: hosts to go to are known. `later`: its mail waits. `refused`: its mail is returned. */
  readonly outcome: "ready" | "later" | "refused";
  readonly steps: readonly ResolutionStep[];
}

export interface ResolveNextHopContext {
  readonly connectors: readonly SendConnectorSettings[];
  readonly dnsDelivery: DnsDelivery;
  readonly dns: Dns;
  readonly memory: PeerMemory;
  readonly clock: Clock;
}

/** Never rejects. `refresh`: what is kept of the domain and its hosts is asked for anew. */
export async function resolveNextHop(
  domain: string,
  refresh: boolean,
  context: ResolveNextHopContext,
): Promise<NextHopResolution> {
  const [connector] = rankSendConnectors(context.connectors, domain);
  if (connector === undefined)
    return {
      domain,
      connector: undefined,
      queue: undefined,
      outcome: "later",
      steps: [{ step: "Send connector", finding: "none is for this domain: its mail waits in Unreachable" }],
    };
  const found = { domain, connector: connector.name, queue: queueNameOf(connector, domain) };
  const serves: ResolutionStep = {
    step: "Send connector",
    finding: `${connector.name} serves it${connector.restrictions === undefined ? "" : ", for some mail only: Test-Route shows for which"}`,
  };
  switch (connector.kind) {
    case "dns":
      return { ...found, ...(await byMx(domain, connector, refresh, serves, context)) };
    case "smartHost":
      return { ...found, ...(await bySmartHosts(connector, refresh, serves, context)) };
    case "drop":
    case "graph": {
      const where = connector.kind === "drop" ? connector.dropDirectory : connector.graphRoot;
      return { ...found, outcome: "ready", steps: [serves, { step: "Next hop", finding: where }] };
    }
  }
}

type Way = Pick<NextHopResolution, "outcome" | "steps">;

async function byMx(
  domain: string,
  connector: SmtpSendConnector,
  refresh: boolean,
  serves: ResolutionStep,
  context: ResolveNextHopContext,
): Promise<Way> {
  const hosts = context.dnsDelivery.hostsFor(connector);
  if (refresh) hosts.forget(domain, await hosts.of(domain));
  const all = await hosts.of(domain);
  const { mx, addresses, result } = all;
  const steps = [serves, ...explainHosts(domain, mx, addresses, result)];
  if (result.kind !== "hosts") return { outcome: result.kind, steps };
  const names = result.groups.flat().map(({ name }) => name);
  const tls = tlsOfFound(connector, domain, result, all, undefined);
  return {
    outcome: tls.result.kind === "hosts" ? "ready" : tls.result.kind,
    steps: [
      ...steps,
      ...avoided(
        names.map((host) => ({ host, port: connector.port })),
        context,
      ),
      ...names.flatMap((host) => tlsSteps(host, daneOfFound(all, host), tls)),
      ...names.flatMap((host) => {
        const demand = tls.result.kind === "hosts" ? tls.result.demands.get(host) : undefined;
        return inClearText({ host, port: connector.port }, demand, context);
      }),
      {
        step: "Site",
        finding: `domains with the same hosts share ${connectionsText(connector)} at port ${connector.port}`,
      },
    ],
  };
}

async function bySmartHosts(
  connector: SmtpSendConnector,
  refresh: boolean,
  serves: ResolutionStep,
  context: ResolveNextHopContext,
): Promise<Way> {
  const steps: ResolutionStep[] = [serves];
  let isKnown = false;
  for (const { host, port } of connector.smartHosts) {
    if (refresh) context.dns.forget?.(host);
    try {
      const addresses = await context.dns.addresses(host);
      steps.push({ step: `Addresses of ${host}`, finding: `${addresses.join(", ")}, port ${port}` });
      isKnown = true;
    } catch (error) {
      steps.push({
        step: `Addresses of ${host}`,
        finding: `none: ${error instanceof Error ? error.message : String(error)}`,
      });
    }
  }
  steps.push(...avoided(connector.smartHosts, context));
  for (const smartHost of connector.smartHosts) {
    const tls = await context.dnsDelivery.tlsOf(connector, smartHost);
    steps.push({ step: `TLS of ${smartHost.host}`, finding: tlsText(tls) });
    steps.push(...inClearText(smartHost, tls, context));
  }
  return { outcome: isKnown ? "ready" : "later", steps };
}

/** Addresses that failed lately. */
function avoided(
  hosts: readonly { readonly host: string; readonly port: number }[],
  { memory, clock }: ResolveNextHopContext,
): readonly ResolutionStep[] {
  const now = clock.now();
  return hosts.flatMap((host) =>
    (memory.host(host).peers ?? [])
      .filter(({ avoidUntil }) => avoidUntil > now)
      .map(({ address, avoidUntil }) => ({
        step: "Tried last",
        finding: `${address} of ${host.host}, for it failed: ${Math.ceil((avoidUntil - now) / 1000)} s more`,
      })),
  );
}

/** Addresses at which TLS failed lately, of a host that may do without. */
function inClearText(
  host: SmartHost,
  tls: HostTls | undefined,
  { memory, clock }: ResolveNextHopContext,
): readonly ResolutionStep[] {
  if (tls?.kind !== "demand" || tls.level !== "opportunistic") return [];
  const now = clock.now();
  return (memory.host(host).peers ?? [])
    .filter(({ clearTextUntil }) => clearTextUntil > now)
    .map(({ address, clearTextUntil }) => ({
      step: "In clear text",
      finding: `${address} of ${host.host}, for TLS failed and is not demanded: ${Math.ceil((clearTextUntil - now) / 1000)} s more`,
    }));
}

function tlsSteps(host: string, dane: DaneFact, { result, barred }: TlsPlan): readonly ResolutionStep[] {
  const tls =
    (result.kind === "hosts" ? result.demands.get(host) : undefined) ??
    barred.find((one) => one.host === host)?.tls;
  return [
    { step: `TLSA records of ${host}`, finding: daneText(dane) },
    { step: `TLS of ${host}`, finding: tls === undefined ? "" : tlsText(tls) },
  ];
}

function connectionsText({ maxConcurrentConnections: most }: SmtpSendConnector): string {
  if (most === Infinity) return "any number of connections";
  return most === 1 ? "one connection" : `up to ${most} connections`;
}
