/** `[smtp.example.com]:587`, `example.com`, `relay:[192.0.2.1]`: where Postfix sends, as a smart host. */
import { parseSmartHost } from "../../smart-host.ts";
import { portOf } from "./master-cf.ts";

export type NextHop =
  | {
      readonly ok: true;
      /** As `smartHosts` has it. */
      readonly smartHost: string;
      /** The host, without its port. */
      readonly host: string;
      /** Without brackets Postfix asks for the MX records of the name. */
      readonly byMx: boolean;
    }
  | { readonly ok: false; readonly reason: string };

export function nextHopOf(text: string): NextHop {
  const match = /^(?:\[([^\]]+)\]|([^[\]:]+))(?::(\w+))?$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) return { ok: false, reason: `${text} is no next hop that can be taken` };
  const port = match?.[3] === undefined ? 25 : portOf(match[3]);
  if (port === undefined) return { ok: false, reason: `${text} has a port that is not known` };
  if (port === 465)
    return {
      ok: false,
      reason: `${text} takes TLS from the first octet (port 465), which is not supported; most hosts have port 587 with STARTTLS`,
    };
  const bare = host.replace(/^ipv6:/i, "");
  const smartHost = /^[\d.]+$|:/.test(bare) ? `[${bare}]:${port}` : `${bare}:${port}`;
  return parseSmartHost(smartHost).ok
    ? { ok: true, smartHost, host: bare, byMx: match?.[1] === undefined && !/^[\d.]+$/.test(bare) }
    : { ok: false, reason: `${text} is neither a host name nor an IP address` };
}
