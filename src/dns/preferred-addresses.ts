/** Addresses of hosts that an administrator names, as a send connector wants them. */
import { addressesByFamily, familyRule, type IpPreference } from "../core/policy/ip-preference.ts";
import type { Dns } from "../ports/ports.ts";

/** Undefined: as the names are resolved. What it gives rejects where no address is left. */
export function preferredAddresses(
  {
    ipPreference,
    sourceIpAddress,
  }: { readonly ipPreference: IpPreference; readonly sourceIpAddress: string | undefined },
  dns: Pick<Dns, "addresses">,
): ((host: string) => Promise<readonly string[]>) | undefined {
  if (ipPreference === "Automatic") return undefined;
  // What is automatic does not matter: something is preferred.
  const rule = familyRule({ ipPreference, sourceIpAddress }, 4);
  return async (host) => {
    const found = addressesByFamily(await dns.addresses(host), rule);
    if (found.length > 0) return found;
    throw new Error(`no IPv${rule.only ?? rule.first} address, and ipPreference is ${ipPreference}`);
  };
}
