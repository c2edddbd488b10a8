/**
 * Names of delivery queues. A queue belongs to one connector and next hop (Exchange: NextHopSolutionKey), so
 * its name changes when either does: what stood in the old queue is then routed again.
 */
import type { SendConnectorSettings, SmartHost } from "./send-connector.ts";

/** A name longer than this is cut and ends in a checksum, so that stores can use it as a key. */
const maxNameLength = 200;

/** Where a connector's mail goes, for people: `[10.0.0.1]:25,relay.example:587` the drop directory, or Graph's root. */
export function nextHopOf(connector: SendConnectorSettings): string {
  switch (connector.kind) {
    case "smartHost":
      return connector.smartHosts.map(hostText).join(",");
    case "drop":
      return connector.dropDirectory;
    case "graph":
      return connector.graphRoot;
  }
}

/** `Out;[127.0.0.1]:2626`, `Drop;/var/spool/drop`. Stable between runs. Cost: once per configuration. */
export function queueNameOf(connector: SendConnectorSettings): string {
  const name = `${connector.name};${nextHopOf(connector)}`;
  return name.length <= maxNameLength
    ? name
    : `${name.slice(0, maxNameLength - 9)}~${checksum(name).toString(16).padStart(8, "0")}`;
}

/**
 * The queue of today that takes the place of one that is no more: the one of the connector by that name, whatever its
 * next hop is now; else the only one among the `added` with the same next hop (its connector has another name now).
 * Undefined when there is none. Cost: per connector.
 */
export function successorOf(
  name: string,
  queues: ReadonlyMap<string, SendConnectorSettings>,
  added: (name: string) => boolean,
): string | undefined {
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
    ([queue, connector]) => added(queue) && name.endsWith(`;${nextHopOf(connector)}`),
  );
  return renamed.length === 1 ? renamed[0]?.[0] : undefined;
}

/** Exchange's DeliveryType of a connector's queue. */
export function deliveryTypeOf(
  connector: SendConnectorSettings,
): "SmartHostConnectorDelivery" | "NonSmtpGatewayDelivery" {
  return connector.kind === "smartHost" ? "SmartHostConnectorDelivery" : "NonSmtpGatewayDelivery";
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
