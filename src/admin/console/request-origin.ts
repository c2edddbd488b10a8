/** Whether a browser's request comes from the console's own pages. */
import { parseAddress } from "../../core/units/ip-address.ts";

/**
 * Against DNS rebinding: a page elsewhere can make its name mean this address, yet the browser still says that name.
 * `allowed`: lower case.
 */
export function isAllowedHost(host: string | null, allowed: readonly string[]): boolean {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::\d{1,5})?$/i.exec(host ?? "");
  if (match === null) return false;
  if (match[1] !== undefined) return parseAddress(match[1]) !== undefined;
  const name = (match[2] ?? "").toLowerCase();
  return name === "localhost" || parseAddress(name) !== undefined || allowed.includes(name);
}

/** The words for what is wrong, or undefined. `host`: allowed already. */
export function crossSiteFault(method: string, headers: Headers): string | undefined {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none")
    return "the request comes from another site";
  const origin = headers.get("origin");
  if (method === "GET" || method === "HEAD" || origin === null) return undefined;
  // Scheme aside: in front may be a proxy that speaks TLS.
  return /^https?:\/\/(.+)$/i.exec(origin)?.[1]?.toLowerCase() === headers.get("host")?.toLowerCase()
    ? undefined
    : "the request's Origin is not this console";
}
