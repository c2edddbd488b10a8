/** `address:port`, as Exchange writes bindings: `127.0.0.1:25`, `[::1]:25`, `0.0.0.0:25`, `[::]:25`. */
import type { Endpoint } from "../policy/receive-connector.ts";
import { formatAddress, parseAddress } from "./ip-address.ts";
import { type Parsed, parsed, quoted, unparsable } from "./parsed.ts";

/** Port 0 lets the system choose a free one. */
export function parseEndpoint(input: string): Parsed<Endpoint> {
  const match = /^(?:\[([^\]]{2,64})\]|([^:[\]]{1,64})):(\d{1,5})$/.exec(input.trim());
  if (!match) {
    return unparsable(`${quoted(input)} is not address:port; write it like 127.0.0.1:2525 or [::1]:2525`);
  }
  const host = match[1] ?? match[2] ?? "";
  const address = host.includes("%") ? undefined : parseAddress(host);
  if (!address) return unparsable(`${quoted(host)} is not an IP address; a binding cannot be a name`);
  const port = Number(match[3]);
  if (port > 65535) return unparsable(`${quoted(input)} has a port above 65535`);
  return parsed({ address: formatAddress(address), port });
}

export function formatEndpoint({ address, port }: Endpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
