/** Whose mail it is: names, owners and purposes that an administrator gives to sources. */
import type { ClientRights } from "./client-rights.ts";
import type { Origin } from "../message/envelope.ts";
import { contains, parseAddress, rangeSize, type IpAddress, type IpRange } from "../units/ip-range.ts";

export interface Application extends ClientRights {
  readonly name: string;
  readonly owner?: string | undefined;
  readonly purpose?: string | undefined;
  readonly addresses: readonly IpRange[];
  /** Accounts; case does not matter. */
  readonly users: readonly string[];
}

/**
 * The application a client belongs to: by its account, else by the smallest range that holds its address.
 * Undefined: nobody named it. Cost: one pass over all ranges.
 */
export function applicationOf(
  applications: readonly Application[],
  client: { readonly address: IpAddress; readonly user?: string | undefined },
): Application | undefined {
  const user = client.user?.toLowerCase();
  if (user !== undefined) {
    const named = applications.find(({ users }) => users.some((name) => name.toLowerCase() === user));
    if (named !== undefined) return named;
  }
  let found: Application | undefined;
  let foundSize: bigint | undefined;
  for (const application of applications) {
    for (const range of application.addresses) {
      if (!contains(range, client.address)) continue;
      const size = rangeSize(range);
      if (foundSize === undefined || size < foundSize) {
        found = application;
        foundSize = size;
      }
    }
  }
  return found;
}

/**
 * The application a message is of, empty for none: as it was when it came in. Records that do not tell are told by their
 * source and account, and the applications of today.
 */
export function recordedApplication(
  applications: readonly Application[],
  { application, sourceAddress, authenticatedUser: user }: Origin,
): string {
  if (application !== undefined) return application;
  const address = parseAddress(sourceAddress);
  return (address && applicationOf(applications, { address, user })?.name) ?? "";
}

/** Whose mail it is in a word: the application's name, else the source's address; of a report, who made it. */
export function originName(applications: readonly Application[], origin: Origin): string {
  const { connector, sourceAddress } = origin;
  return recordedApplication(applications, origin) || sourceAddress || connector;
}
