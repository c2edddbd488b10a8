/** Where users are looked for that the configuration does not name, and what their groups may do. */
import type { ClientRights } from "../policy/client-rights.ts";

export interface DirectorySettings {
  /** `ldaps://host:port` or `ldap://host:port`; the first that answers is asked. */
  readonly urls: readonly string[];
  /** On `ldap://`. */
  readonly startTls: boolean;
  /** PEM; undefined: the system's CAs. */
  readonly ca: readonly string[] | undefined;
  /** Who searches; undefined: anybody may. */
  readonly bindDn: string | undefined;
  readonly bindPassword: string | undefined;
  readonly baseDn: string;
  /** One of them has to equal the name that the client gave; the first that an entry has is its name here. */
  readonly userAttributes: readonly string[];
  readonly objectClass: string;
  readonly groupAttribute: string;
  /** Groups in groups count, by Active Directory's matching rule. */
  readonly nestedGroups: boolean;
  /** The first that a user is in says what it may do. */
  readonly groups: readonly DirectoryGroup[];
  /** Who is in none of them does not log on. */
  readonly requireGroup: boolean;
  readonly timeoutMs: number;
  /** While no server answers, a good log-on of that age goes on. */
  readonly keepLogonsMs: number;
}

export interface DirectoryGroup extends ClientRights {
  /** Its DN. */
  readonly name: string;
}

/** `data` of Active Directory's answer to a bind; source: "LDAP_INVALID_CREDENTIALS", Win32 errors in hexadecimal. */
const activeDirectoryCauses: Readonly<Record<string, string>> = {
  "525": "the user is not found",
  "52e": "the password is wrong",
  "530": "the user may not log on at this time",
  "531": "the user may not log on from this computer",
  "532": "the password has expired",
  "533": "the account is disabled",
  "568": "the user is in too many groups",
  "701": "the account has expired",
  "773": "the password has to be changed",
  "775": "the account is locked",
};

/** Why the directory did not take the password, by its own text; nothing of the text but the number is repeated. */
export function deniedBecause(text: string): string {
  const [, data = ""] = /\bdata ([0-9a-f]{3})\b/i.exec(text) ?? [];
  const cause = activeDirectoryCauses[data.toLowerCase()];
  return cause === undefined
    ? "the directory did not take the password"
    : `${cause} (data ${data.toLowerCase()})`;
}

/** The form DNs are compared in: case and the blanks around commas do not matter. */
export function comparableDn(dn: string): string {
  return dn.replaceAll(/\s*([,=+])\s*/g, "$1").toLowerCase();
}
