/** One server of a directory: found by search, proved by bind. ldapts is loaded with the first log-on. */
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectSecure, type ConnectionOptions } from "node:tls";
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

/** The server cannot be reached, or does not know us: whoever logs on, it has nothing to say. */
export class ServerDown extends Error {
  override readonly name = "ServerDown";
}

/** `password` is not empty. Rejects when the server cannot say; with ServerDown before the user was asked for. */
export async function askServer(
  settings: DirectorySettings,
  url: string,
  user: string,
  password: string,
): Promise<Found | LogonDenied> {
  const ldap = await import("ldapts");
  /** The last is the one that is spoken on. */
  const sockets: Socket[] = [];
  const client = clientOf(ldap.Client, settings, url, sockets);
  try {
    await reach(ldap, client, settings, url);
    const outcome = await look(ldap, client, settings, user, password);
    await leave(client, sockets);
    return outcome;
  } finally {
    // Also of a server that takes a connection and goes silent in the middle of it.
    for (const socket of sockets) socket.on("error", () => undefined).destroy();
  }
}

/** Says good-bye. Never rejects. */
async function leave(client: Client, sockets: readonly Socket[]): Promise<void> {
  client.unbind().catch(() => undefined);
  const spokenOn = sockets.at(-1);
  if (spokenOn === undefined || spokenOn.destroyed) return;
  await new Promise<void>((resolve) => {
    spokenOn.once("close", () => resolve());
    spokenOn.destroySoon();
  });
}

/** Up to where users are asked for. */
async function reach(ldap: Ldap, client: Client, settings: DirectorySettings, url: string): Promise<void> {
  const { startTls, timeoutMs, bindDn, bindPassword } = settings;
  try {
    if (/^ldap:/i.test(url) && startTls)
      // ldapts has a limit of time for the answer to STARTTLS, and none for the handshake behind it.
      await within(timeoutMs, client.startTLS(tlsOptionsOf(settings, url)), "TLS did not come about");
    if (bindDn !== undefined) await client.bind(bindDn, bindPassword);
  } catch (fault) {
    const what =
      fault instanceof ldap.InvalidCredentialsError
        ? `bindDn cannot log on: ${deniedBecause(fault.message)}`
        : messageOf(fault);
    throw new ServerDown(what, { cause: fault });
  }
}

async function within<Value>(ms: number, what: Promise<Value>, whenLate: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${whenLate} within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([what, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function look(
  ldap: Ldap,
  client: Client,
  settings: DirectorySettings,
  user: string,
  password: string,
): Promise<Found | LogonDenied> {
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
  const { searchEntries } = await client
    .search(settings.baseDn, {
      scope: "sub",
      filter,
      attributes: [...settings.userAttributes, settings.groupAttribute],
      sizeLimit: 2,
    })
    .catch((fault: unknown) => {
      // The first thing asked where nobody logs on to search.
      throw settings.bindDn === undefined && !(fault instanceof ldap.ResultCodeError)
        ? new ServerDown(messageOf(fault), { cause: fault })
        : fault;
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
}

function tlsOptionsOf({ ca }: DirectorySettings, url: string): ConnectionOptions {
  const host = new URL(url.replace(/^ldap/i, "http")).hostname.replace(/^\[|\]$/g, "");
  return {
    ...(ca === undefined ? {} : { ca: [...ca] }),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    host,
  };
}

/** Not connected yet. `sockets`: here stands each that it opens. */
function clientOf(
  LdapClient: typeof Client,
  settings: DirectorySettings,
  url: string,
  sockets: Socket[],
): Client {
  const { timeoutMs } = settings;
  const kept = <Opened extends Socket>(socket: Opened): Opened => {
    // ldapts hears no errors of a socket it has given up.
    socket.on("error", () => undefined);
    sockets.push(socket);
    return socket;
  };
  return new LdapClient({
    url,
    timeout: timeoutMs,
    connectTimeout: timeoutMs,
    strictDN: false,
    createConnection: ((port: number, host: string) => kept(connectPlain(port, host))) as typeof connectPlain,
    createSecureConnection: ((...given: Parameters<typeof connectSecure>) =>
      kept(connectSecure(...given))) as typeof connectSecure,
    ...(/^ldaps:/i.test(url) ? { tlsOptions: tlsOptionsOf(settings, url) } : {}),
  });
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
