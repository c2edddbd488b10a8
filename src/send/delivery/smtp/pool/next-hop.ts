/** What a pool's connections lead to: one or more hosts, in an order of their own for each attempt. */
import type { Standing } from "../../../../core/policy/outbound-share.ts";
import type { SmartHost } from "../../../../core/policy/send-connector.ts";
import type { OpenedConnection } from "../opening/open-connection.ts";
import type { NextHopHost, PeerMemory } from "../peer/peer.ts";
import { hostsInTurn } from "../peer/peer-order.ts";
import type { SmtpClientError } from "../wire/client-error.ts";

export interface NextHop {
  /** At least one. */
  readonly hosts: readonly NextHopHost[];
  /** All of them, as the next connection tries them. */
  inOrder(): readonly NextHopHost[];
  /** Connections opened at once while none is open yet; the double of the open ones after that. */
  readonly firstDials: number;
  /** While no connection is open. */
  standing(): Standing;
  /** One of its hosts is ready for mail. */
  answered?(opened: OpenedConnection): void;
  /** None of its hosts could be had. */
  failed?(error: SmtpClientError): void;
  /** No connection is left, and nobody waits for one. */
  unused?(): void;
}

/** An administrator's smart hosts: they share the load. `random`: in [0, 1), says which of them is first. */
export function smartHostsHop(
  smartHosts: readonly SmartHost[],
  memory: PeerMemory,
  random: () => number,
): NextHop {
  const hosts = smartHosts.map((host) => memory.host(host));
  let turn = Math.floor(random() * hosts.length);
  return { hosts, inOrder: () => hostsInTurn(hosts, turn++), firstDials: 4, standing: () => "proven" };
}
