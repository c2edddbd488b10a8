/**
 * The door: which connector answers a new connection, and whether its limits let it in. A refusal is said once,
 * here, as reply and event; the reply stands in place of the greeting.
 */
import { refuseConnection, type ConnectionRefusal } from "../../core/policy/connection-limits.ts";
import { messageRateKey, refuseMessage } from "../../core/policy/message-rate.ts";
import {
  chooseReceiveConnector,
  type Endpoint,
  type ReceiveConnectorSettings,
} from "../../core/policy/receive-connector.ts";
import { explain, referenceOf, type Refusal } from "../../core/policy/refusal.ts";
import { sourceKey } from "../../core/policy/source.ts";
import { replies, type Reply } from "../../core/smtp/reply.ts";
import { formatEndpoint } from "../../core/units/endpoint.ts";
import { formatAddress, parseAddress, type IpAddress } from "../../core/units/ip-address.ts";
import { isPrivateAddress } from "../../core/units/private-address.ts";
import { catalogue } from "../../events/catalogue.ts";
import type { Events } from "../../events/events.ts";
import type { Clock } from "../../ports/ports.ts";
import type { Lease, Ledger } from "./ledger.ts";

export interface Arrival {
  /** As bound: the port is the configured one. */
  readonly local: Endpoint;
  readonly remoteAddress: string;
}

export type Admitted = {
  readonly connector: ReceiveConnectorSettings;
  readonly address: string;
  readonly source: string;
  readonly lease: Lease;
};

export interface AdmissionSettings {
  readonly receiveConnectors: readonly ReceiveConnectorSettings[];
  readonly maxConnectionRatePerMinute: number;
}

export interface Admission {
  /** Counts and decides. The lease of an admitted connection must be ended with the connection. */
  admit(arrival: Arrival, settings: AdmissionSettings): Admitted | { readonly refused: Reply };
  /** The reply that refuses one more message of this client now, or undefined. */
  refuseMessage(
    connector: ReceiveConnectorSettings,
    client: {
      readonly address: string;
      readonly source: string;
      readonly authenticatedUser: string | undefined;
    },
  ): Reply | undefined;
}

const rateKey = "connections";

export function createAdmission(ledger: Ledger, clock: Clock, events: Events): Admission {
  let sequence = clock.wall().getTime();

  const refusal = (
    connector: ReceiveConnectorSettings,
    address: string,
    eventId: number,
    limit: string,
    counts: { readonly configured: number; readonly allowed?: number; readonly seen: number },
  ): Refusal => ({
    connector: connector.name,
    limit,
    configured: counts.configured,
    allowed: counts.allowed ?? counts.configured,
    seen: counts.seen,
    source: address,
    eventId,
    reference: referenceOf(sequence++),
  });

  const said = (connector: ReceiveConnectorSettings, reply: Reply, refused: Refusal): Reply =>
    explains(connector, refused.source) ? explain(reply, refused) : reply;

  const refuseByRate = (
    connector: ReceiveConnectorSettings,
    address: string,
    limit: number,
  ): Reply | undefined => {
    if (limit === Infinity) return undefined;
    const refused = ledger.spend(rateKey, clock.now(), (lastMinute) =>
      lastMinute >= limit
        ? refusal(connector, address, catalogue.ConnectionRateExceeded.id, "maxConnectionRatePerMinute", {
            configured: limit,
            seen: lastMinute,
          })
        : undefined,
    );
    if (refused === undefined) return undefined;
    events.emit("ConnectionRateExceeded", { ...refused, limit });
    return said(connector, replies.connectionRate, refused);
  };

  const refuseByCount = (
    connector: ReceiveConnectorSettings,
    address: string,
    verdict: ConnectionRefusal,
  ): Reply => {
    if (verdict.limit === "maxInboundConnection") {
      const refused = refusal(
        connector,
        address,
        catalogue.SmtpReceiveMaxConnectionReached.id,
        verdict.limit,
        verdict,
      );
      events.emit("SmtpReceiveMaxConnectionReached", {
        ...refused,
        setting: verdict.limit,
        limit: verdict.configured,
      });
      return said(connector, replies.connectionLimit, refused);
    }
    const refused = refusal(
      connector,
      address,
      catalogue.SmtpReceiveMaxConnectionPerSourceReached.id,
      verdict.limit,
      verdict,
    );
    events.emit("SmtpReceiveMaxConnectionPerSourceReached", {
      ...refused,
      setting: verdict.limit,
      limit: verdict.allowed,
    });
    return said(connector, replies.connectionLimitPerSource, refused);
  };

  return {
    admit({ local, remoteAddress }, settings) {
      const peer = parseAddress(remoteAddress);
      const connector = peer && chooseReceiveConnector(settings.receiveConnectors, local, peer);
      if (peer === undefined || connector === undefined) {
        events.emit("NoConnectorMatched", { source: remoteAddress, endpoint: formatEndpoint(local) });
        return { refused: replies.noConnector };
      }
      const address = formatAddress(peer);
      const byRate = refuseByRate(connector, address, settings.maxConnectionRatePerMinute);
      if (byRate !== undefined) return { refused: byRate };
      const source = sourceKey(peer);
      const entry = ledger.enter(connector.name, source, (counts) => refuseConnection(connector, counts));
      return "refused" in entry
        ? { refused: refuseByCount(connector, address, entry.refused) }
        : { connector, address, source, lease: entry.lease };
    },

    refuseMessage(connector, { address, source, authenticatedUser }) {
      const limit = connector.messageRateLimit;
      const key =
        limit === Infinity
          ? undefined
          : messageRateKey(connector.messageRateSource, source, authenticatedUser);
      if (key === undefined) return undefined;
      const verdict = ledger.spend(`${connector.name} ${key}`, clock.now(), (lastMinute) =>
        refuseMessage(limit, lastMinute),
      );
      if (verdict === undefined) return undefined;
      const refused = refusal(
        connector,
        address,
        catalogue.SmtpReceiveMessageRateLimitExceeded.id,
        verdict.limit,
        verdict,
      );
      events.emit("SmtpReceiveMessageRateLimitExceeded", {
        ...refused,
        setting: verdict.limit,
        limit,
        user: authenticatedUser ?? "",
      });
      return said(connector, replies.messageRate, refused);
    },
  };
}

function explains(connector: ReceiveConnectorSettings, address: string): boolean {
  if (connector.explainRefusals !== undefined) return connector.explainRefusals;
  const parsed: IpAddress | undefined = parseAddress(address);
  return parsed !== undefined && isPrivateAddress(parsed);
}
