/** Which listening socket takes the connections of a binding. */
import type { Endpoint } from "./receive-connector.ts";

/** True for the same address and port, and for the wildcard of the family; port 0 is a port of its own for each address. */
export function serves(listener: Endpoint, binding: Endpoint): boolean {
  if (listener.port !== binding.port) return false;
  if (listener.address === binding.address) return true;
  const wildcard = binding.address.includes(":") ? "::" : "0.0.0.0";
  return binding.port !== 0 && listener.address === wildcard;
}
