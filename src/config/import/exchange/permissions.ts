/** The output of Get-ADPermission: rights on receive connectors, of which the right to relay is a setting here. */
import { type Parsed, parsed, unparsable } from "../../../core/units/parsed.ts";
import { type ExportedObject, itemsOf, textOf } from "../exported/exported-value.ts";

export interface ConnectorRights {
  /** `EX01\App Relay`; empty where the output does not name it. */
  readonly identity: string;
  readonly user: string;
  readonly deny: boolean;
  /** `ms-Exch-SMTP-Accept-Any-Recipient`, …, in lower case; a cut one is as far as it goes. */
  readonly rights: readonly string[];
}

export function readPermissions(objects: readonly ExportedObject[]): Parsed<readonly ConnectorRights[]> {
  if (!objects.some((object) => object.has("user")))
    return unparsable("is no output of Get-ADPermission: nothing in it has a User");
  if (!objects.some((object) => object.has("extendedrights")))
    return unparsable(
      "has no ExtendedRights; write it with: Get-ReceiveConnector | Get-ADPermission | Format-List Identity,User,Deny,ExtendedRights",
    );
  return parsed(
    objects.map((object) => ({
      identity: textOf(object.get("identity")?.value),
      user: textOf(object.get("user")?.value),
      deny: textOf(object.get("deny")?.value).toLowerCase() === "true",
      rights: itemsOf(object.get("extendedrights")?.value).map((right) => right.toLowerCase()),
    })),
  );
}

export const relayRight = "ms-Exch-SMTP-Accept-Any-Recipient";

/** A table may have cut the name; as far as this it is told from the other rights. */
const relayRightPattern = /^ms-exch-smtp-accept-any-r/;

export interface GrantedRights {
  /** Anonymous clients may relay. */
  readonly anonymousRelay: boolean;
  /** Accounts other than Exchange's own groups that may relay. */
  readonly accounts: readonly string[];
}

/** Those on one connector; a Deny wins. Of one export's only connector, entries without an identity are its own. */
export function rightsOn(
  permissions: readonly ConnectorRights[],
  connector: { readonly identity: string; readonly name: string; readonly isOnly: boolean },
): GrantedRights | undefined {
  const own = permissions.filter(({ identity }) =>
    identity === "" ? connector.isOnly : isSame(identity, connector),
  );
  if (own.length === 0) return undefined;
  const relaying = own.filter(({ rights }) => rights.some((right) => relayRightPattern.test(right)));
  const denied = new Set(relaying.filter(({ deny }) => deny).map(({ user }) => user.toLowerCase()));
  const granted = relaying.filter(({ deny, user }) => !deny && !denied.has(user.toLowerCase()));
  return {
    anonymousRelay: granted.some(({ user }) => isAnonymous(user)),
    accounts: granted.map(({ user }) => user).filter((user) => !isAnonymous(user) && !isBuiltIn(user)),
  };
}

function isSame(identity: string, connector: { readonly identity: string; readonly name: string }): boolean {
  const wanted = identity.toLowerCase();
  return wanted.includes("\\") && connector.identity.includes("\\")
    ? wanted === connector.identity.toLowerCase()
    : wanted.slice(wanted.lastIndexOf("\\") + 1) === connector.name.toLowerCase();
}

/** In any language, cut by a table or not, or by its security identifier. */
function isAnonymous(user: string): boolean {
  return /anon/i.test(user.slice(user.lastIndexOf("\\") + 1)) || user.toUpperCase() === "S-1-5-7";
}

/** What comes with the permission groups. */
function isBuiltIn(user: string): boolean {
  return (
    /^(?:MS Exchange\\|S-1-9-1419165041)/i.test(user) ||
    /^S-1-5-11$/i.test(user) ||
    /\\(?:Exchange Servers|ExchangeLegacyInterop|Authenticated Users|Authentifizierte Benutzer|Utilisateurs authentifi|Usuarios autentificados|Exchange Trusted Subsystem|Organization Management|Domain Admins|Enterprise Admins|SYSTEM)/i.test(
      user,
    )
  );
}
