/** From a send connector to what carries its mail. */
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { Events } from "../../events/events.ts";
import type { Ports } from "../../ports/ports.ts";
import { createDropCarrier } from "../drop/drop-carrier.ts";
import type { Carrier } from "./delivery.ts";
import { createSmtpCarrier } from "./smtp/smtp-carrier.ts";

export function createCarrier(
  connector: SendConnectorSettings,
  context: { readonly ports: Ports; readonly events: Events; readonly hostname: string },
): Carrier {
  switch (connector.kind) {
    case "smartHost":
      return createSmtpCarrier({
        connector,
        nextHop: connector.smartHosts,
        ports: context.ports,
        events: context.events,
      });
    case "drop":
      return createDropCarrier({ connector });
  }
}
