/** From a send connector to what carries its mail. */
import type { AddressRewriteEntry } from "../../core/policy/address-rewriting.ts";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { Signer } from "../../dkim/signer.ts";
import type { Events } from "../../events/events.ts";
import type { ProtocolLog } from "../../logs/protocol-log.ts";
import type { HttpRequest } from "../../ports/http-request.ts";
import type { Ports } from "../../ports/ports.ts";
import { createDropCarrier } from "../drop/drop-carrier.ts";
import { createGraphCarrier } from "../graph/graph-carrier.ts";
import type { MailboxTurns } from "../graph/mailbox-turns.ts";
import type { DnsDelivery } from "../mx/dns-delivery.ts";
import type { TokenSources } from "../oauth/token-sources.ts";
import { rewritingCarrier } from "../rewriting/rewriting-carrier.ts";
import type { CarrierBudgets } from "./carried-turns.ts";
import type { Carrier } from "./delivery.ts";
import { sendTranscript } from "./send-transcript.ts";
import type { OutboundConnections } from "./smtp/pool/outbound-connections.ts";
import type { SharedPlaces } from "./smtp/pool/shared-places.ts";
import type { PeerMemory } from "./smtp/peer/peer.ts";
import { createSmtpCarrier } from "./smtp/smtp-carrier.ts";

export interface CarrierContext {
  readonly ports: Ports;
  readonly events: Events;
  readonly hostname: string;
  readonly protocolLog: ProtocolLog;
  readonly memory: PeerMemory;
  readonly outbound: OutboundConnections;
  readonly places?: SharedPlaces | undefined;
  readonly tokens: TokenSources;
  readonly signer: Signer;
  readonly http: HttpRequest;
  readonly graphTurns: MailboxTurns;
  readonly budgets: CarrierBudgets;
  readonly dns: DnsDelivery;
  /** Asked for at each message. */
  readonly addressRewriteEntries: () => readonly AddressRewriteEntry[];
}

/** `domain`: of connectors that have a queue for each. */
export function createCarrier(
  connector: SendConnectorSettings,
  domain: string,
  context: CarrierContext,
): Carrier {
  return rewritingCarrier(
    carrierOf(connector, domain, context),
    connector.name,
    context.addressRewriteEntries,
  );
}

function carrierOf(connector: SendConnectorSettings, domain: string, context: CarrierContext): Carrier {
  switch (connector.kind) {
    case "dns":
      return context.dns.carrierFor(connector, domain);
    case "smartHost": {
      const { ports, events, memory, outbound, places, dns } = context;
      const tokens = connector.oauth && context.tokens.for(connector.oauth, connector.name);
      const transcript = sendTranscript(connector, context.protocolLog, context.hostname);
      return createSmtpCarrier({
        connector,
        nextHop: connector.smartHosts,
        ports,
        events,
        memory,
        outbound,
        places,
        ...(tokens && { tokens }),
        budgets: context.budgets,
        signer: connector.dkimSigning ? context.signer : undefined,
        ...(connector.daneEnabled && {
          tlsOf: ({ name, port }) => dns.tlsOf(connector, { host: name, port }),
        }),
        onTls: dns.onTls,
        ...(transcript && { transcript }),
      });
    }
    case "graph": {
      const { ports, events, http, graphTurns: atOnce, budgets } = context;
      const tokens = context.tokens.for(connector.oauth, connector.name);
      return createGraphCarrier({ connector, ports, events, http, tokens, atOnce, budgets });
    }
    case "drop":
      return createDropCarrier({ connector });
  }
}
