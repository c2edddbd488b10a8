/** Whose rights a client has: those of the account it logged on with, and of the application that it belongs to. */
import { parseAddress } from "../units/ip-address.ts";
import { applicationOf, type Application } from "./application.ts";
import {
  noLimits,
  sessionRights,
  type ClientRights,
  type RightsOwner,
  type SessionRights,
} from "./client-rights.ts";

interface User extends ClientRights {
  readonly name: string;
}

/** `user` undefined: it has not logged on. `nearest`: whose rights go before those of user and application. */
export type RightsOfClient = (
  address: string,
  user: string | undefined,
  nearest?: RightsOwner,
) => SessionRights;

/** Looks at nothing where neither users nor applications are limited. Else: a pass over users, applications and ranges. */
export function rightsOfClient(users: readonly User[], applications: readonly Application[]): RightsOfClient {
  const isLimited = (rights: ClientRights, kind: RightsOwner["kind"]): boolean =>
    sessionRights([{ kind, name: "", rights }]) !== noLimits;
  if (
    !users.some((user) => isLimited(user, "user")) &&
    !applications.some((application) => isLimited(application, "application"))
  )
    return (_address, _user, nearest) => (nearest === undefined ? noLimits : sessionRights([nearest]));
  return (addressText, user, nearest) => {
    const address = parseAddress(addressText);
    const application = address && applicationOf(applications, { address, user });
    const account = user?.toLowerCase();
    const found = users.find(({ name }) => name.toLowerCase() === account);
    return sessionRights([
      ...(nearest === undefined ? [] : [nearest]),
      ...(found === undefined ? [] : [{ kind: "user" as const, name: found.name, rights: found }]),
      ...(application === undefined
        ? []
        : [{ kind: "application" as const, name: application.name, rights: application }]),
    ]);
  };
}
