/** Accounts for AUTH. A password is hashed here and goes nowhere else. */
import type { ConfigurationEdit } from "../../config/edit.ts";
import { clientRightsShape } from "../../config/client-rights-schema.ts";
import {
  plainUser,
  settingChanges,
  type PlainSection,
  type SettingChange,
} from "../../config/plain-settings.ts";
import { userKinds } from "../../config/setting-kinds.ts";
import type { Settings } from "../../config/settings.ts";
import { hashPassword } from "../../ports/password-hash.ts";
import type { Administered, Handlers } from "../administered.ts";
import { changeConfiguration } from "./change.ts";
import { AdminRefusal } from "../refusal.ts";
import { namedChanges } from "./named-changes.ts";

type Names = "listUsers" | "newUser" | "setUser" | "removeUser";

export function userHandlers(administered: Administered): Pick<Handlers, Names> {
  const { relay } = administered;
  const entries = namedChanges(administered, {
    section: "users",
    noun: "user",
    all: (settings) => settings.users,
    plain: plainUser,
  });
  const { find } = entries;

  return {
    listUsers: () => ({
      users: relay.settings.users.map((user) => ({
        ...entries.described(user),
        kinds: userKinds,
        status: {
          application: relay.settings.applications.find((it) => names(it.users, user.name))?.name ?? null,
          recipientsLastDay: relay.recipientsLastDay({ kind: "user", name: user.name }),
        },
      })),
    }),
    newUser: async ({ name, password, settings: rights, whatIf }) => {
      const settings = { ...onlyRights(rights), password: await hashPassword(password) };
      return changeConfiguration(administered, { kind: "add", section: "users", name, settings }, whatIf, {
        changes: ({ after }) => [
          { setting: "name", before: null, after: name },
          { setting: "password", before: null, after: "set" },
          ...rightsChanges(undefined, after.settings, name),
        ],
        notices: ({ after }) => whereToLogOn(after.settings),
      });
    },
    setUser: async ({ name, newName, password, settings: rights, whatIf }) => {
      const { name: identity } = find(name);
      const isRenamed = newName !== undefined && newName !== identity;
      const settings = {
        ...onlyRights(rights),
        ...(password === undefined ? {} : { password: await hashPassword(password) }),
        ...(isRenamed ? { name: newName } : {}),
      };
      const edits: ConfigurationEdit[] = [{ kind: "set", section: "users", name: identity, settings }];
      if (isRenamed) edits.push(...renamedInApplications(relay.settings, identity, newName));
      return changeConfiguration(administered, edits, whatIf, {
        changes: ({ before, after }) => [
          ...(isRenamed ? [{ setting: "name", before: identity, after: newName }] : []),
          ...(password === undefined ? [] : [{ setting: "password", before: "set", after: "set anew" }]),
          ...rightsChanges(before.settings, after.settings, identity, newName),
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

/** Name and password have their own way in. */
function onlyRights(settings: PlainSection): PlainSection {
  const allowed = ["certificates", ...Object.keys(clientRightsShape)];
  const other = Object.keys(settings).find((setting) => !allowed.includes(setting));
  if (other === undefined) return settings;
  const known = allowed.join(", ");
  throw new AdminRefusal("invalidInput", `${other} is no right of a user; there are ${known}`);
}

function rightsChanges(
  before: Settings | undefined,
  after: Settings,
  name: string,
  newName = name,
): readonly SettingChange[] {
  const rightsOf = (settings: Settings | undefined, called: string): PlainSection =>
    plainUser(settings?.users.find((user) => names([user.name], called)) ?? { name: "" });
  return settingChanges(rightsOf(before, name), rightsOf(after, newName)).filter(
    ({ setting }) => setting !== "name",
  );
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
