/** Connectors that let TLS 1.0 and 1.1 in: who needs it, so that the day comes when nobody does. */
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { Administered } from "../administered.ts";
import { counted, type Headline } from "./headline.ts";

type Clients = ReturnType<Administered["relay"]["legacyTlsClients"]>;

const dayMs = 86_400_000;
/** A device that was not seen for so long is gone, or renewed. */
const seenWithinDays = 30;

export function legacyTlsHeadlines(
  connectors: readonly Pick<ReceiveConnectorSettings, "name" | "enabled" | "tlsMinVersion">[],
  clients: Clients,
  now: number,
): Headline[] {
  return connectors
    .filter(({ enabled, tlsMinVersion }) => enabled && ["TLSv1", "TLSv1.1"].includes(tlsMinVersion))
    .map(({ name, tlsMinVersion }) => {
      const devices = new Set(
        clients
          .filter(
            ({ connector, version, lastSeen }) =>
              connector === name && version !== undefined && now - lastSeen < seenWithinDays * dayMs,
          )
          .map(({ address }) => address),
      );
      const who =
        devices.size === 0
          ? `nobody spoke it in the last ${seenWithinDays} days, as far as is known; Set-ReceiveConnector -TlsMinVersion TLSv1.2 would end it.`
          : `${counted(devices.size, "device")} spoke it in the last ${seenWithinDays} days; Get-LegacyTlsClient lists them.`;
      return {
        subject: "legacyTls",
        severity: "information",
        text: `Receive connector ${name} lets clients speak ${tlsMinVersion === "TLSv1" ? "TLS 1.0" : "TLS 1.1"}: ${who}`,
      };
    });
}
