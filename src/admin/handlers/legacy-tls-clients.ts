/** Devices that still need TLS 1.0 or 1.1. */
import { applicationOf } from "../../core/policy/application.ts";
import { parseAddress } from "../../core/units/ip-address.ts";
import type { Administered, Handlers } from "../administered.ts";

export function legacyTlsHandlers({ relay }: Administered): Pick<Handlers, "listLegacyTlsClients"> {
  return {
    listLegacyTlsClients({ connector }) {
      const wanted = connector?.toLowerCase();
      return {
        clients: relay
          .legacyTlsClients()
          .filter((client) => wanted === undefined || client.connector.toLowerCase() === wanted)
          .map(({ user, version, cipher, firstSeen, lastSeen, ...client }) => {
            const address = parseAddress(client.address);
            const application =
              address && applicationOf(relay.settings.applications, { address, user })?.name;
            return {
              ...client,
              application: application ?? null,
              user: user ?? null,
              version: version ?? null,
              cipher: cipher ?? null,
              firstSeen: new Date(firstSeen).toISOString(),
              lastSeen: new Date(lastSeen).toISOString(),
            };
          }),
      };
    },
  };
}
