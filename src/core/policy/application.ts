/** Whose mail it is: names, owners and purposes that an administrator gives to sources. */
import type { ClientRights } from "./client-rights.ts";
import type { CertificateName } from "../authentication/certificate-name.ts";
import { userKey } from "../authentication/user-key.ts";
import type { Origin } from "../message/envelope.ts";
import type { WeeklyHours } from "../units/weekly-hours.ts";
import { contains, parseAddress, rangeSize, type IpAddress, type IpRange } from "../units/ip-range.ts";

export const applicationPriorities = ["Low", "Normal", "High"] as const;
export type ApplicationPriority = (typeof applicationPriorities)[number];

export interface Application extends ClientRights {
  readonly name: string;
  readonly owner?: string | undefined;
  readonly purpose?: string | undefined;
  /** How its owner is reached. */
  readonly contact?: string | undefined;
  readonly addresses: readonly IpRange[];
  /** Accounts; case does not matter. */
  readonly users: readonly string[];
  readonly certificates?: readonly CertificateName[];
  /** Whose turn it is more often where a budget lets mail leave one by one; absent: Normal. */
  readonly priority?: ApplicationPriority | undefined;
  /** Messages of a usual day; undefined: as it is learned. */
  readonly expectedVolumePerDay?: number | undefined;
  /** When mail of it is expected; empty or absent: as it is learned. */
  readonly expectedHours?: readonly WeeklyHours[] | undefined;
}

/** Turns of an application while one of priority Low has one: nobody's mail stands still for others'. */
const turns: Readonly<Record<ApplicationPriority, number>> = { Low: 1, Normal: 4, High: 16 };

/** Who takes a turn in sending, and how many while others take theirs. */
export interface TurnTaker {
  readonly application: string;
  readonly weight: number;
}

/**
 * The application a client belongs to: by its account, else by the smallest range that holds its address.
 * Undefined: nobody named it. Cost: one pass over all ranges.
 */
export function applicationOf(
  applications: readonly Application[],
  client: { readonly address: IpAddress; readonly user?: string | undefined },
): Application | undefined {
  const user = client.user === undefined ? undefined : userKey(client.user);
  if (user !== undefined) {
    const named = applications.find(({ users }) => users.some((name) => userKey(name) === user));
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

/**
 * Whose turn a message takes. Sources that no application names are Normal, each by itself. What asks for less than its
 * application has takes turns beside it, so that neither waits behind the other.
 */
export function turnTaker(applications: readonly Application[], origin: Origin): TurnTaker {
  const application = originName(applications, origin);
  const wanted = application.toLowerCase();
  const named = applications.find(({ name }) => name.toLowerCase() === wanted);
  const weight = turns[named?.priority ?? "Normal"];
  const asked = origin.priority === undefined ? weight : turns[origin.priority];
  return asked < weight
    ? { application: `${application} (${origin.priority})`, weight: asked }
    : { application, weight };
}
