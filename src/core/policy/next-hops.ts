/**
 * Names of delivery queues. A queue belongs to one connector and next hop (Exchange: NextHopSolutionKey), so
 * its name changes when either does: what stood in the old queue is then routed again.
 */
import type { SendConnectorSettings, SmartHost } from "./send-connector.ts";

/** A name longer than this is cut and ends in a checksum, so that stores can use it as a key. */
const maxNameLength = 200;
/** RFC 1035 §2.3.4. The name of a domain's queue is never cut: the domain is known by it after a restart. */
const longestDomain = 253;

/**
 * Where a connector's mail goes, for people: `[10.0.0.1]:25,relay.example:587`, the recipients' `domain` where it delivers by
 * MX record, the drop directory, or Graph's root.
 */
export function nextHopOf(connector: SendConnectorSettings, domain: string): string {
  switch (connector.kind) {
    case "smartHost":
      return connector.smartHosts.map(hostText).join(",");
    case "dns":
      return domain;
    case "drop":
      return connector.dropDirectory;
    case "graph":
      return connector.graphRoot;
  }
}

/**
 * `Out;[127.0.0.1]:2626`, `Drop;/var/spool/drop`, `Internet;contoso.com`: of kind `dns` a queue for each domain. Stable between
 * runs. Cost: once per configuration, and per domain.
 */
export function queueNameOf(connector: SendConnectorSettings, domain = ""): string {
  const name = `${connector.name};${nextHopOf(connector, domain)}`;
  const isName = connector.kind === "dns" && domain.length <= longestDomain;
  return isName || name.length <= maxNameLength
    ? name
    : `${name.slice(0, maxNameLength - 9)}~${checksum(name).toString(16).padStart(8, "0")}`;
}

/**
 * The queue of today that takes the place of one that is no more: the one of the connector by that name, whatever its
 * next hop is now; else the only one among the `added` with the same next hop (its connector has another name now).
 * Undefined when there is none, and for queues of domains: one that is suspended must not suspend a whole connector. Cost: per
 * connector.
 */
export function successorOf(
  name: string,
  queues: ReadonlyMap<string, SendConnectorSettings>,
  added: (name: string) => boolean,
): string | undefined {
  if (isDomainQueue(name)) return undefined;
  let successor: string | undefined;
  let longest = 0;
  const wanted = name.toLowerCase();
  // A name may hold a semicolon: the longest that fits is the connector's.
  for (const [queue, connector] of queues) {
    if (connector.name.length <= longest || !wanted.startsWith(`${connector.name.toLowerCase()};`)) continue;
    longest = connector.name.length;
    successor = queue;
  }
  if (successor !== undefined) return successor;
  const renamed = [...queues].filter(
    ([queue, connector]) => added(queue) && name.endsWith(`;${nextHopOf(connector, "")}`),
  );
  return renamed.length === 1 ? renamed[0]?.[0] : undefined;
}

/** Exchange's DeliveryType of a connector's queue. */
export function deliveryTypeOf(
  connector: SendConnectorSettings,
): "SmartHostConnectorDelivery" | "DnsConnectorDelivery" | "NonSmtpGatewayDelivery" {
  if (connector.kind === "dns") return "DnsConnectorDelivery";
  return connector.kind === "smartHost" ? "SmartHostConnectorDelivery" : "NonSmtpGatewayDelivery";
}

/** Smart hosts end in a port, directories and Graph hold a slash or a backslash. */
function isDomainQueue(name: string): boolean {
  const nextHop = name.slice(name.lastIndexOf(";") + 1);
  return !/:\d+$|[/\\~]/.test(nextHop);
}

/** The domain of a queue of `connector`, of kind `dns`; undefined for a queue of another. */
export function domainOfQueue(name: string, connector: SendConnectorSettings): string | undefined {
  return name.startsWith(`${connector.name};`) ? name.slice(connector.name.length + 1) : undefined;
}

function hostText({ host, port }: SmartHost): string {
  const isAddress = host.includes(":") || /^[0-9.]+$/.test(host);
  return `${isAddress ? `[${host}]` : host}:${port}`;
}

/** FNV-1a, 32 bits. */
function checksum(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
