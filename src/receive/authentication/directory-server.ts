/** One server of a directory: found by search, proved by bind. ldapts is loaded with the first log-on. */
import { isIP } from "node:net";
import type { Client, Entry } from "ldapts";
import {
  comparableDn,
  deniedBecause,
  type DirectoryGroup,
  type DirectorySettings,
} from "../../core/authentication/directory-settings.ts";
import type { LogonDenied } from "./logon.ts";

export interface Found {
  readonly user: string;
  readonly group: DirectoryGroup | undefined;
}

/** A DN that no entry has: bound to where there is no user, so that it takes as long as a wrong password. */
const nobody = "cn=weir-no-such-user";

/** `password` is not empty. Rejects when the server cannot say. */
export async function askServer(
  settings: DirectorySettings,
  url: string,
  user: string,
  password: string,
): Promise<Found | LogonDenied> {
  const ldap = await import("ldapts");
  const client = await connect(ldap.Client, settings, url);
  try {
    if (settings.bindDn !== undefined) {
      try {
        await client.bind(settings.bindDn, settings.bindPassword);
      } catch (fault) {
        if (fault instanceof ldap.InvalidCredentialsError)
          throw new Error(`bindDn cannot log on: ${deniedBecause(fault.message)}`, { cause: fault });
        throw fault;
      }
    }
    // Filters are built, never written: what a client sends stays a value.
    const filter = new ldap.AndFilter({
      filters: [
        new ldap.EqualityFilter({ attribute: "objectClass", value: settings.objectClass }),
        new ldap.OrFilter({
          filters: settings.userAttributes.map(
            (attribute) => new ldap.EqualityFilter({ attribute, value: user }),
          ),
        }),
      ],
    });
    const { searchEntries } = await client.search(settings.baseDn, {
      scope: "sub",
      filter,
      attributes: [...settings.userAttributes, settings.groupAttribute],
      sizeLimit: 2,
    });
    const [entry, another] = searchEntries;
    const why =
      entry === undefined
        ? "the directory has no such user"
        : another === undefined
          ? undefined
          : "the directory has several users of that name";
    try {
      await client.bind(
        entry === undefined || why !== undefined ? `${nobody},${settings.baseDn}` : entry.dn,
        password,
      );
    } catch (fault) {
      if (why !== undefined) return { denied: why };
      if (isRefusal(fault, ldap)) return { denied: deniedBecause(messageOf(fault)), account: user };
      throw fault;
    }
    if (entry === undefined || why !== undefined) return { denied: why ?? "" };
    const group = await groupOf(ldap, client, settings, entry);
    if (group === undefined && settings.requireGroup)
      return { denied: "the user is in none of the groups", account: user };
    return { user: nameOf(entry, settings) ?? user, group };
  } finally {
    client.unbind().catch(() => undefined);
  }
}

async function connect(
  LdapClient: typeof Client,
  { timeoutMs, startTls, ca }: DirectorySettings,
  url: string,
): Promise<Client> {
  const host = new URL(url.replace(/^ldap/i, "http")).hostname.replace(/^\[|\]$/g, "");
  const tlsOptions = {
    ...(ca === undefined ? {} : { ca: [...ca] }),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    host,
  };
  const client = new LdapClient({
    url,
    timeout: timeoutMs,
    connectTimeout: timeoutMs,
    strictDN: false,
    ...(/^ldaps:/i.test(url) ? { tlsOptions } : {}),
  });
  if (/^ldap:/i.test(url) && startTls) await client.startTLS(tlsOptions);
  return client;
}

type Ldap = typeof import("ldapts");

/** The directory's word on this user, not on itself. */
function isRefusal(fault: unknown, ldap: Ldap): boolean {
  return [
    ldap.InvalidCredentialsError,
    ldap.InappropriateAuthError,
    ldap.NoSuchObjectError,
    ldap.ConstraintViolationError,
    ldap.UnwillingToPerformError,
    ldap.InsufficientAccessError,
  ].some((kind) => fault instanceof kind);
}

function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}

function nameOf(entry: Entry, { userAttributes }: DirectorySettings): string | undefined {
  return userAttributes.flatMap((attribute) => valuesOf(entry, attribute))[0];
}

function valuesOf(entry: Entry, attribute: string): readonly string[] {
  const key = Object.keys(entry).find((name) => name.toLowerCase() === attribute.toLowerCase());
  return [key === undefined ? [] : entry[key]]
    .flat()
    .flatMap((value) => (value === undefined ? [] : [String(value)]));
}

async function groupOf(
  ldap: Ldap,
  client: Client,
  { groups, groupAttribute, nestedGroups, bindDn, bindPassword }: DirectorySettings,
  entry: Entry,
): Promise<DirectoryGroup | undefined> {
  const direct = valuesOf(entry, groupAttribute).map(comparableDn);
  const found = groups.find(({ name }) => direct.includes(comparableDn(name)));
  if (!nestedGroups) return found;
  // The user itself may not be allowed to search.
  if (bindDn !== undefined) await client.bind(bindDn, bindPassword);
  for (const group of groups) {
    if (group === found) return group;
    const { searchEntries } = await client.search(entry.dn, {
      scope: "base",
      filter: new ldap.ExtensibleFilter({
        matchType: groupAttribute,
        rule: "1.2.840.113556.1.4.1941",
        value: group.name,
      }),
      attributes: ["1.1"],
    });
    if (searchEntries.length > 0) return group;
  }
  return undefined;
}
