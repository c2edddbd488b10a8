/** Of all settings those that one station knows. */
import type { Settings } from "../config/settings.ts";
import type { PickupSettings } from "../receive/pickup/pickup.ts";

export function pickupSettings({ hostname, receiveConnectors, transport }: Settings): PickupSettings {
  return { ...transport, hostname, receiveConnectors };
}

export function receiverSettings(settings: Settings) {
  const {
    receiveConnectors,
    acceptedDomains,
    users,
    apiKeys,
    tokenIssuers,
    directory,
    applications,
    transport,
    proxyProtocolFrom,
  } = settings;
  const { maxConnectionRatePerMinute, ipv6SourcePrefixLength } = transport;
  return {
    receiveConnectors,
    acceptedDomains,
    users,
    apiKeys,
    tokenIssuers,
    directory,
    applications,
    proxyProtocolFrom,
    maxConnectionRatePerMinute,
    ipv6SourcePrefixLength,
  };
}
