import { parseAddress } from "../../core/units/ip-address.ts";
import { isLoopbackAddress } from "../../core/units/private-address.ts";

/** Whether what comes from there passes no wire that could be listened to. */
export function isThisMachine(sourceAddress: string): boolean {
  const address = parseAddress(sourceAddress);
  return address !== undefined && isLoopbackAddress(address);
}
