/** Values of the relay as the contract shows them. */
import { applicationOf, type Application } from "../../core/policy/application.ts";
import { parseAddress } from "../../core/units/ip-address.ts";
import type { Settings } from "../../config/settings.ts";
import type { StoredEvent } from "../../events/store/stored-event.ts";
import type { Json } from "../contract/values.ts";
import type { Output } from "../contract.ts";

export function shownLimit(value: number): number | "unlimited" {
  return value === Infinity ? "unlimited" : value;
}

export type ShownApplication = {
  readonly name: string;
  readonly owner: string | null;
  readonly purpose: string | null;
} | null;

/** `source`: an address, or a network as limits count IPv6. */
export function shownApplication(
  settings: Pick<Settings, "applications">,
  source: string,
  user?: string,
): ShownApplication {
  const [network = ""] = source.split("/");
  const address = parseAddress(network);
  const application: Application | undefined =
    address && applicationOf(settings.applications, { address, user });
  if (application === undefined) return null;
  const { name, owner = null, purpose = null } = application;
  return { name, owner, purpose };
}

export function shownEvent(event: StoredEvent): Output<"followEvents"> {
  const fields = Object.fromEntries(
    Object.entries(event.fields).map(([key, value]): [string, Json] => [key, value ?? null]),
  );
  return { ...event, fields };
}
