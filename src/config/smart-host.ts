/** Smart hosts, `[address]:port`, `name:port`; the port may be left out. Source: Set-SendConnector, SmartHosts. */
import { formatAddress, parseAddress } from "../core/units/ip-range.ts";
import { type Parsed, parsed, quoted, unparsable } from "../core/units/parsed.ts";
import { parseDomain } from "./value-type.ts";

export interface ConfiguredSmartHost {
  /** Address in canonical form, or name in lower case and A-labels. */
  readonly host: string;
  /** Undefined: the connector's `port`. */
  readonly port: number | undefined;
}

export function parseSmartHost(input: string): Parsed<ConfiguredSmartHost> {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(input.trim());
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  if (!match) {
    const bare = parseAddress(input.trim());
    if (bare) return parsed({ host: formatAddress(bare), port: undefined });
    return unparsable(
      `${quoted(input)} is not a host; write it like [192.0.2.1]:25, [2001:db8::1]:25 or smtp.example:587`,
    );
  }
  if (port !== undefined && (port < 1 || port > 65_535)) {
    return unparsable(`${quoted(input)} has a port outside 1 to 65535`);
  }
  const text = match[1] ?? match[2] ?? "";
  const address = parseAddress(text);
  if (address) return parsed({ host: formatAddress(address), port });
  if (match[1] !== undefined) return unparsable(`${quoted(input)} has no IP address within its brackets`);
  const name = parseDomain(text);
  return name.ok
    ? parsed({ host: name.value, port })
    : unparsable(`${quoted(input)} is neither a host name nor an IP address`);
}

/** Canonical; Exchange's 0.0.0.0 means any, as leaving it out does, and is refused with that word. */
export function parseSourceAddress(input: string): Parsed<string> {
  const address = parseAddress(input.trim());
  if (address === undefined) return unparsable(`${quoted(input)} is not an IP address`);
  if (address.value === 0n) return unparsable(`${quoted(input)} means any address; leave the setting out`);
  return parsed(formatAddress(address));
}
