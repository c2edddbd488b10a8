/** Whose rights a client has: those of the account it logged on with, and of the application that it belongs to. */
import { userKey } from "../authentication/user-key.ts";
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

/** `user` undefined: it has not logged on. `given`: a key, which goes before the user; or its group, behind it. */
export type RightsOfClient = (
  address: string,
  user: string | undefined,
  given?: RightsOwner,
) => SessionRights;

/** Looks at nothing where neither users nor applications are limited. Else: a pass over users, applications and ranges. */
export function rightsOfClient(users: readonly User[], applications: readonly Application[]): RightsOfClient {
  const isLimited = (rights: ClientRights, kind: RightsOwner["kind"]): boolean =>
    sessionRights([{ kind, name: "", rights }]) !== noLimits;
  if (
    !users.some((user) => isLimited(user, "user")) &&
    !applications.some((application) => isLimited(application, "application"))
  )
    return (_address, _user, given) => (given === undefined ? noLimits : sessionRights([given]));
  return (addressText, user, given) => {
    const address = parseAddress(addressText);
    const application =
      given?.application === undefined
        ? address && applicationOf(applications, { address, user })
        : applications.find(({ name }) => name === given.application);
    const account = user === undefined ? undefined : userKey(user);
    const found = users.find(({ name }) => userKey(name) === account);
    return sessionRights([
      ...(given?.kind === "group" || given === undefined ? [] : [given]),
      ...(found === undefined ? [] : [{ kind: "user" as const, name: found.name, rights: found }]),
      ...(given?.kind === "group" ? [given] : []),
      ...(application === undefined
        ? []
        : [{ kind: "application" as const, name: application.name, rights: application }]),
    ]);
  };
}
