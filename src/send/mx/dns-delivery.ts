/**
 * Delivery by MX record, of all send connectors that do it: what the queues of a connector's domains share, and for how long.
 * As long as a connector's settings are the same its queues share sites, however often the configuration is read.
 */
import { isDeepStrictEqual } from "node:util";
import { LRUCache } from "lru-cache";
import type { SmartHost, SmtpSendConnector } from "../../core/policy/send-connector.ts";
import type { Signer } from "../../dkim/signer.ts";
import { preferredFamily } from "../../dns/preferred-family.ts";
import type { Events } from "../../events/events.ts";
import { ignorantResolver } from "../../ports/lookup.ts";
import { followMachineAddresses } from "../../ports/machine-addresses.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Carrier } from "../delivery/delivery.ts";
import type { OutboundConnections } from "../delivery/smtp/pool/outbound-connections.ts";
import type { SharedPlaces } from "../delivery/smtp/pool/shared-places.ts";
import type { PeerMemory } from "../delivery/smtp/peer/peer.ts";
import type { Transcript } from "../delivery/smtp/wire/transcript.ts";
import { createDomainCarrier, type DomainCarrierContext } from "./domain-carrier.ts";
import type { KnownTls } from "../delivery/smtp/opening/open-connection.ts";
import type { OnTlsAttempt } from "../delivery/smtp/opening/tls-attempt.ts";
import type { StsSource } from "./sts-source.ts";
import { createMailHosts, type MailHosts } from "./mail-hosts.ts";
import { smartHostTls } from "./smart-host-tls.ts";
import type { OwnPlaces } from "./own-relay.ts";
import { createSites } from "./sites.ts";

export interface DnsDelivery {
  /** `domain`: as its queue is named. */
  carrierFor(connector: SmtpSendConnector, domain: string): Carrier;
  /** What TLS with a smart host must be like. */
  tlsOf(connector: SmtpSendConnector, host: SmartHost): Promise<KnownTls>;
  readonly onTls: OnTlsAttempt | undefined;
  /** The look-ups as delivery makes them. */
  hostsFor(connector: SmtpSendConnector): MailHosts;
  /** All connections, also those that no queue uses now. As Carrier.close. */
  close(graceMs: number): Promise<void>;
}

export interface DnsDeliveryContext {
  readonly ports: Ports;
  readonly own: OwnPlaces;
  readonly events: Events;
  readonly memory: PeerMemory;
  readonly outbound: OutboundConnections;
  readonly places?: SharedPlaces | undefined;
  readonly signer: Signer | undefined;
  /** Left out: nobody has a policy. */
  readonly sts?: StsSource | undefined;
  readonly onTls?: OnTlsAttempt | undefined;
  /** The family that comes first where a host has both. Default: IPv6 where this machine has it. */
  readonly first?: () => 4 | 6;
  readonly transcriptOf: (connector: SmtpSendConnector) => Transcript | undefined;
}

/** A domain's queue ends with its last message, and comes again with the next: what was found for it serves that too. */
const mostCarriersKept = 500;

interface Shared {
  readonly connector: SmtpSendConnector;
  readonly carriers: LRUCache<string, Carrier>;
  readonly context: DomainCarrierContext;
}

export function createDnsDelivery(given: DnsDeliveryContext): DnsDelivery {
  const { ports, own, events, memory, outbound } = given;
  const addresses = followMachineAddresses(ports.clock);
  const { first = () => preferredFamily(addresses()) } = given;
  const resolver = ports.resolver ?? ignorantResolver;
  const byName = new Map<string, Shared>();
  const closing = new Set<Promise<void>>();

  const hostsFor = (connector: SmtpSendConnector): MailHosts =>
    createMailHosts({ connector, resolver, sts: given.sts, own, first, random: ports.random });

  const share = (connector: SmtpSendConnector): Shared => {
    const hosts = hostsFor(connector);
    const signer = connector.dkimSigning ? given.signer : undefined;
    let numbered = 0;
    const sites = createSites(
      {
        connector,
        ports,
        events,
        memory,
        transcript: given.transcriptOf(connector),
        logOn: undefined,
        signer,
        addresses: (host) => hosts.addresses(host),
        isOwnName: (name) => own.isOwnName(name),
        onTls: given.onTls,
        nextSession: () => ++numbered,
      },
      outbound,
      given.places,
    );
    const lookUps = new Set<() => void>();
    const close = (graceMs: number): Promise<void> => {
      if (byName.get(connector.name)?.connector === connector) byName.delete(connector.name);
      // A question to the DNS ends by itself before long; who waits for it need not.
      const timer = ports.clock.after(graceMs, () => {
        for (const stop of lookUps) stop();
      });
      const closed = sites.close(graceMs).finally(() => {
        if (lookUps.size === 0) timer.cancel();
        closing.delete(closed);
      });
      closing.add(closed);
      return closed;
    };
    const onAborted = (stop: () => void): (() => void) => {
      lookUps.add(stop);
      return () => void lookUps.delete(stop);
    };
    return {
      connector,
      carriers: new LRUCache({ max: mostCarriersKept }),
      context: {
        connector,
        onTls: given.onTls,
        hosts,
        sites,
        close,
        clock: ports.clock,
        events,
        signer,
        onAborted,
      },
    };
  };

  return {
    hostsFor,
    onTls: given.onTls,
    tlsOf: (connector, { host, port }) => smartHostTls(connector, { name: host, port }, resolver),
    carrierFor(connector, domain) {
      let shared = byName.get(connector.name);
      const isSame = shared?.connector === connector || isDeepStrictEqual(shared?.connector, connector);
      if (shared === undefined || !isSame) {
        shared = share(connector);
        byName.set(connector.name, shared);
      }
      let carrier = shared.carriers.get(domain);
      if (carrier === undefined) {
        carrier = createDomainCarrier(domain, shared.context);
        shared.carriers.set(domain, carrier);
      }
      return carrier;
    },
    async close(graceMs) {
      await Promise.all(Array.from(byName.values(), ({ context }) => context.close(graceMs)));
      await Promise.all(closing);
    },
  };
}
