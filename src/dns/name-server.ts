/** Which servers are asked, and whose word counts. */
import { isIP, SocketAddress } from "node:net";

export interface NameServer {
  readonly address: string;
  readonly port: number;
  /** What it says of signatures is believed: it is on this machine, or the administrator says so (RFC 4035 §4.9.3). */
  readonly trusted: boolean;
}

/** What `/etc/resolv.conf` says (resolv.conf(5)). Lines that are not understood are passed over, as the system does. */
export interface ResolverFile {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  /** A name with fewer dots is first tried with the search list. */
  readonly dots: number;
}

export function parseResolverFile(text: string): ResolverFile {
  const servers: string[] = [];
  let search: readonly string[] = [];
  let dots = 1;
  for (const line of text.split(/\r?\n/u)) {
    const [keyword, ...words] = line.trim().split(/\s+/u);
    if (keyword === "nameserver" && words[0] !== undefined) servers.push(words[0]);
    else if (keyword === "search" || keyword === "domain") search = words;
    else if (keyword === "options") {
      const option = words.find((word) => /^ndots:\d+$/u.test(word));
      if (option !== undefined) dots = Math.min(15, Number(option.slice(6)));
    }
  }
  return { servers: servers.slice(0, 3), search, dots };
}

/** An address with or without a port: `9.9.9.9`, `127.0.0.1:5353`, `[::1]:53`, `fe80::1%eth0`. Undefined: none of these. */
export function parseNameServer(text: string, isTrusted = false): NameServer | undefined {
  const whole = text.trim();
  const [, bracketed, bare, digits] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/u.exec(whole) ?? [];
  const address = isIP(whole) === 0 ? (bracketed ?? bare ?? "") : whole;
  const port = digits === undefined || address === whole ? 53 : Number(digits);
  if (isIP(address) === 0 || port === 0 || port > 65_535) return undefined;
  return { address, port, trusted: isTrusted || isLoopback(address) };
}

function isLoopback(address: string): boolean {
  if (isIP(address) === 4) return address.startsWith("127.");
  return new SocketAddress({ address: address.split("%", 1)[0] ?? "", family: "ipv6" }).address === "::1";
}
