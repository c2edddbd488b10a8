/** `weir explain NAME`: an application by the name it was given. */
import type { AdminClient } from "../../admin/client.ts";
import { CommandFault } from "../exit-code.ts";

/**
 * The address of the application of that name that was refused last, or the only one it has. Undefined: no application is
 * called so. Rejects with CommandFault where it has several and none was refused.
 */
export async function sourceOfApplication(relay: AdminClient, text: string): Promise<string | undefined> {
  const wanted = text.trim().toLowerCase();
  const { applications } = await relay.call("listApplications", {});
  const found = applications.find(({ name }) => name.toLowerCase() === wanted);
  if (found === undefined) return undefined;
  const { refusals } = await relay.call("listRefusals", {});
  const [last] = refusals
    .filter(({ application }) => application?.name === found.name)
    .toSorted((a, b) => Date.parse(b.lastAt) - Date.parse(a.lastAt));
  if (last !== undefined) return last.source;
  const addresses = (found.settings["addresses"] ?? []) as readonly string[];
  const [only] = addresses;
  if (only !== undefined && addresses.length === 1 && !/[/-]/.test(only)) return only;
  throw new CommandFault(
    `nothing was refused to ${found.name} in the last day; give one of its addresses${addresses.length === 0 ? "" : ` (${addresses.slice(0, 5).join(", ")})`}, or the reference of a reply`,
  );
}
