/** What whoever makes a receive connector should know beforehand, and learns elsewhere two months later. */
import type { AppliedConfiguration } from "../../config/live-configuration.ts";
import { formatUnlimited } from "../../core/units/unlimited.ts";
import { defaultConnectorValues } from "../../config/receive-connector.ts";

/** Sentences; none when the limits per source were given, or are those of the Default connector. */
export function adviceForNewConnector(
  { settings, origins }: Pick<AppliedConfiguration, "settings" | "origins">,
  name: string,
): string[] {
  const index = settings.receiveConnectors.findIndex(
    (connector) => connector.name.toLowerCase() === name.trim().toLowerCase(),
  );
  const connector = settings.receiveConnectors[index];
  if (connector === undefined) return [];
  const isSet = (setting: string): boolean => origins.get(`receiveConnectors[${index}].${setting}`) === "set";
  const {
    maxInboundConnection,
    maxInboundConnectionPerSource: perSource,
    maxInboundConnectionPercentagePerSource: percentage,
  } = connector;
  const isLimited =
    perSource < Infinity || percentage < defaultConnectorValues.maxInboundConnectionPercentagePerSource;
  if (
    !isLimited ||
    (isSet("maxInboundConnectionPerSource") && isSet("maxInboundConnectionPercentagePerSource"))
  )
    return [];
  return [
    `This connector takes ${formatUnlimited(perSource)} connections per source and ${percentage} % of what remains of ${formatUnlimited(maxInboundConnection)}; the Default connector does not limit sources. An application that opens more at once gets 421 4.3.2. To raise it: Set-ReceiveConnector ${quoted(connector.name)} -MaxInboundConnectionPerSource unlimited -MaxInboundConnectionPercentagePerSource 100`,
  ];
}

function quoted(name: string): string {
  return /^[A-Za-z0-9_.-]+$/.test(name) ? name : `"${name}"`;
}
