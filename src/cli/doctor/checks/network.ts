/** Ports that are wanted, and names that must be found. */
import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { type ListeningEndpoint, listeningText, serves } from "../../../core/policy/listening-endpoint.ts";
import { formatEndpoint, parseEndpoint } from "../../../core/units/endpoint.ts";
import { portHolder } from "../../../ports/port-holder.ts";
import type { Check } from "../context.ts";
import type { Finding } from "../finding.ts";
import { spoolHolders } from "../spool-holders.ts";

export const ports: Check = async ({ settings, relay, dataDirectory }) => {
  if (settings === undefined) return [];
  const check = "ports";
  const wanted = settings.receiveConnectors
    .filter(({ enabled }) => enabled)
    .flatMap(({ bindings, implicitTlsBindings, httpBindings }) => [
      ...[...bindings, ...implicitTlsBindings].map((it) => ({ ...it, door: "SMTP" as const })),
      ...httpBindings.map((it) => ({ ...it, door: "HTTP" as const })),
    ]);
  const findings: Finding[] = [];
  if (relay === undefined) {
    const lowest = Number(
      await readFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8").catch(() => "1024"),
    );
    // A relay that does not answer listens where it should.
    const own = (await spoolHolders(dataDirectory)).map((pid) => `process ${pid}`);
    for (const endpoint of new Map(wanted.map((it) => [it.port, it])).values()) {
      const holder = endpoint.port === 0 ? undefined : await portHolder(endpoint.port);
      if (holder !== undefined && !own.some((process) => holder.endsWith(process)))
        findings.push({
          check,
          level: "warning",
          code: "portTaken",
          text: `${formatEndpoint(endpoint)} is wanted, and ${holder} listens on that port`,
          advice: "stop it, or give the connector other bindings",
        });
    }
    for (const endpoint of absentEndpoints(wanted, addressesHere()))
      findings.push({
        check,
        level: "warning",
        code: "addressNotHere",
        text: `${formatEndpoint(endpoint)} is wanted, and this machine has no such address now`,
        advice: "give the connector an address of this machine (ip addr), or 0.0.0.0 or [::] for all",
      });
    const low = wanted.find(({ port }) => port > 0 && port < lowest);
    if (low !== undefined && process.getuid !== undefined && process.getuid() !== 0)
      findings.push({
        check,
        level: "note",
        code: "portPrivileged",
        text: `${formatEndpoint(low)} may be listened on by root only, or with CAP_NET_BIND_SERVICE`,
        advice: "AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit, or a port from 1024 on",
      });
  } else {
    for (const endpoint of unique(closedEndpoints(wanted, relay.about.listeners)))
      findings.push({
        check,
        level: "bad",
        code: "portClosed",
        text: `nothing listens on ${listeningText(endpoint)}, which the configuration wants`,
        advice: "weir Get-ReceiveConnector shows the reason",
      });
  }
  if (findings.length === 0)
    findings.push({
      check,
      level: "good",
      code: "portsFine",
      text: "what the configuration wants can be listened on",
    });
  return findings;
};

function addressesHere(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  return new Set(all.map(({ address }) => address));
}

/** Of those that are wanted, the ones on addresses that are neither here nor all. All of 127/8 is here where 127.0.0.1 is. */
export function absentEndpoints<Endpoint extends { readonly address: string }>(
  wanted: readonly Endpoint[],
  here: ReadonlySet<string>,
): readonly Endpoint[] {
  return wanted.filter(
    ({ address }) =>
      !["0.0.0.0", "::"].includes(address) && !here.has(address.startsWith("127.") ? "127.0.0.1" : address),
  );
}

/** `listeners` as the relay tells them. One on all addresses of a family serves each of them. */
export function closedEndpoints(
  wanted: readonly ListeningEndpoint[],
  listeners: readonly string[],
): readonly ListeningEndpoint[] {
  const open = listeners.flatMap((text): readonly ListeningEndpoint[] => {
    const [, place = "", http] = /^(.*?)( \(HTTP\))?$/.exec(text) ?? [];
    const read = parseEndpoint(place);
    return read.ok ? [{ ...read.value, door: http === undefined ? "SMTP" : "HTTP" }] : [];
  });
  return wanted.filter(
    (binding) =>
      binding.port !== 0 &&
      !open.some((listener) => listener.door === binding.door && serves(listener, binding)),
  );
}

function unique(endpoints: readonly ListeningEndpoint[]): readonly ListeningEndpoint[] {
  return [...new Map(endpoints.map((endpoint) => [listeningText(endpoint), endpoint])).values()];
}

const patienceMs = 5_000;

export const names: Check = async ({ settings }) => {
  if (settings === undefined) return [];
  const check = "DNS";
  const findings: Finding[] = [];
  if (settings.hostname === "localhost" || !settings.hostname.includes("."))
    findings.push({
      check,
      level: "warning",
      code: "hostnameShort",
      text: `the relay calls itself ${settings.hostname}, which is no whole domain name: some servers refuse that`,
      advice: "set hostname in the configuration to a name that DNS has for this machine",
    });
  const hosts = new Set(
    settings.sendConnectors
      .filter(({ enabled }) => enabled)
      .flatMap((connector) =>
        connector.kind === "smartHost" ? connector.smartHosts.map(({ host }) => host) : [],
      ),
  );
  await Promise.all(
    [...hosts]
      .filter((host) => isIP(host) === 0)
      .map(async (host) => {
        const startedAt = performance.now();
        const fault = await found(host);
        const tookMs = performance.now() - startedAt;
        if (fault !== undefined)
          findings.push({
            check,
            level: "bad",
            code: "nameNotFound",
            text: `the smart host ${host} is not found: ${fault}`,
            advice: "mind the spelling; look at /etc/resolv.conf and at what its servers answer",
          });
        else if (tookMs > 2_000)
          findings.push({
            check,
            level: "warning",
            code: "nameSlow",
            text: `the smart host ${host} was found after ${(tookMs / 1000).toFixed(1)} s`,
            advice: "the first server in /etc/resolv.conf may not answer",
          });
      }),
  );
  if (findings.length === 0)
    findings.push({ check, level: "good", code: "namesFine", text: "names of smart hosts are found" });
  return findings;
};

async function found(host: string): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${patienceMs / 1000} s`), patienceMs);
  });
  const looked = lookup(host).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
  return Promise.race([looked, late]).finally(() => clearTimeout(timer));
}
