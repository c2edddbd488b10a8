/** Which listening socket takes the connections of a binding. */
import { formatEndpoint } from "../units/endpoint.ts";
import type { ListeningDoor } from "./door.ts";
import type { Endpoint } from "./receive-connector.ts";

/** What is spoken there. */
export interface ListeningEndpoint extends Endpoint {
  readonly door: ListeningDoor;
}

/** For people: HTTP is named, for SMTP is what all others speak. */
export function listeningText({ address, port, door }: ListeningEndpoint): string {
  const text = formatEndpoint({ address, port });
  return door === "HTTP" ? `${text} (HTTP)` : text;
}

/** True for the same address and port, and for the wildcard of the family; port 0 is a port of its own for each address. */
export function serves(listener: Endpoint, binding: Endpoint): boolean {
  if (listener.port !== binding.port) return false;
  if (listener.address === binding.address) return true;
  const wildcard = binding.address.includes(":") ? "::" : "0.0.0.0";
  return binding.port !== 0 && listener.address === wildcard;
}
