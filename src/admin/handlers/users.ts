/** Accounts for AUTH. A password is hashed here and goes nowhere else. */
import type { ConfigurationEdit } from "../../config/edit.ts";
import type { Settings, UserSettings } from "../../config/settings.ts";
import { hashPassword } from "../../ports/password-hash.ts";
import type { Administered, Handlers } from "../administered.ts";
import { changeConfiguration } from "./change.ts";
import { findNamed } from "./named-settings.ts";

type Names = "listUsers" | "newUser" | "setUser" | "removeUser";

export function userHandlers(administered: Administered): Pick<Handlers, Names> {
  const { relay } = administered;
  const find = (name: string): UserSettings =>
    findNamed(relay.settings.users, name, relay.settings.hostname, "user");

  return {
    listUsers: () => ({
      users: relay.settings.users.map(({ name }) => ({
        name,
        application: relay.settings.applications.find((it) => names(it.users, name))?.name ?? null,
      })),
    }),
    newUser: async ({ name, password, whatIf }) => {
      const settings = { password: await hashPassword(password) };
      return changeConfiguration(administered, { kind: "add", section: "users", name, settings }, whatIf, {
        changes: () => [
          { setting: "name", before: null, after: name },
          { setting: "password", before: null, after: "set" },
        ],
        notices: ({ after }) => whereToLogOn(after.settings),
      });
    },
    setUser: async ({ name, newName, password, whatIf }) => {
      const { name: identity } = find(name);
      const isRenamed = newName !== undefined && newName !== identity;
      const settings = {
        ...(password === undefined ? {} : { password: await hashPassword(password) }),
        ...(isRenamed ? { name: newName } : {}),
      };
      const edits: ConfigurationEdit[] = [{ kind: "set", section: "users", name: identity, settings }];
      if (isRenamed) edits.push(...renamedInApplications(relay.settings, identity, newName));
      return changeConfiguration(administered, edits, whatIf, {
        changes: () => [
          ...(isRenamed ? [{ setting: "name", before: identity, after: newName }] : []),
          ...(password === undefined ? [] : [{ setting: "password", before: "set", after: "set anew" }]),
        ],
      });
    },
    removeUser: ({ name, whatIf }) => {
      const { name: identity } = find(name);
      return changeConfiguration(administered, { kind: "remove", section: "users", name: identity }, whatIf, {
        changes: () => [{ setting: "name", before: identity, after: null }],
        notices: ({ after }) =>
          after.settings.applications
            .filter(({ users }) => names(users, identity))
            .map((it) => `The application ${it.name} still names ${identity} as its account.`),
      });
    },
  };
}

function names(users: readonly string[], name: string): boolean {
  return users.some((user) => user.toLowerCase() === name.toLowerCase());
}

function renamedInApplications(
  { applications }: Settings,
  name: string,
  newName: string,
): readonly ConfigurationEdit[] {
  return applications
    .filter(({ users }) => names(users, name))
    .map((it) => ({
      kind: "set",
      section: "applications",
      name: it.name,
      settings: { users: it.users.map((user) => (names([user], name) ? newName : user)) },
    }));
}

function whereToLogOn({ receiveConnectors }: Settings): readonly string[] {
  const isOffered = receiveConnectors.some(
    ({ enabled, authMechanism, permissionGroups }) =>
      enabled && authMechanism.includes("BasicAuth") && permissionGroups.includes("ExchangeUsers"),
  );
  return isOffered
    ? []
    : [
        "No receive connector lets users log on yet: it needs -AuthMechanism Tls,BasicAuth,BasicAuthRequireTLS and -PermissionGroups ExchangeUsers, which New-ReceiveConnector NAME -Usage client presets.",
      ];
}
