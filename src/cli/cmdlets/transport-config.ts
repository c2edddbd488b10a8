/** Get-TransportConfig and Set-TransportConfig. */
import type { Cmdlet } from "../cmdlet.ts";
import { changing, telling } from "./common-parameters.ts";
import { transportConfigParameters } from "./transport-config-parameters.ts";

const group = "Send connectors and queues";

export const transportConfigCmdlets: readonly Cmdlet[] = [
  {
    name: "Get-TransportConfig",
    group,
    synopsis:
      "Show what Exchange keeps for the organisation: sizes, recipients, and how reports are written.",
    description: [
      "Sizes and recipients are settings of each connector here; what is shown is the largest of those that are enabled, and each where they differ.",
    ],
    parameters: telling,
    examples: [{ command: "weir Get-TransportConfig", text: "" }],
    load: async () => (await import("../run/transport-config.ts")).getTransportConfig,
  },
  {
    name: "Set-TransportConfig",
    group,
    synopsis: "Set a limit of all connectors at once, or how reports are written.",
    description: [
      "In Exchange the smaller of the organisation's and the connector's limit holds. Here only connectors have limits, so that all of them are given the value; Set-ReceiveConnector and Set-SendConnector change one.",
    ],
    parameters: [...transportConfigParameters, ...changing],
    examples: [
      {
        command: "weir Set-TransportConfig -MaxReceiveSize 50MB -MaxSendSize 50MB",
        text: "Messages of 50 MB come in and go out by every connector.",
      },
      {
        command: "weir Set-TransportConfig -ExternalPostmasterAddress postmaster@contoso.com -WhatIf",
        text: "Only shows what would change.",
      },
    ],
    load: async () => (await import("../run/transport-config.ts")).setTransportConfig,
  },
];
