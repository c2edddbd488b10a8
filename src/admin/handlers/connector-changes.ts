/** What receive and send connectors have done to them alike: found by name, described, added, set, removed. */
import type { Change } from "../../config/live-configuration.ts";
import type { Origins } from "../../config/parse-config.ts";
import { settingChanges, type PlainSection } from "../../config/plain-settings.ts";
import type { Settings } from "../../config/settings.ts";
import type { Administered } from "../administered.ts";
import type { Json } from "../contract/values.ts";
import { changeConfiguration, type ChangeOutput } from "./change.ts";
import { findConnector, origins, setOnly, shownSection } from "./connector-settings.ts";

interface Connector {
  readonly name: string;
  readonly enabled: boolean;
}

/** One of the two sections of connectors. */
export interface ConnectorSection<Any extends Connector> {
  readonly section: "receiveConnectors" | "sendConnectors";
  readonly kind: "receive" | "send";
  readonly all: (settings: Settings) => readonly Any[];
  readonly plain: (connector: Any) => PlainSection;
}

type Edit = (identity: { readonly name: string; readonly whatIf: boolean }) => Promise<ChangeOutput>;

export interface ConnectorChanges<Any extends Connector> {
  readonly all: () => readonly Any[];
  /** Throws AdminRefusal `notFound`. */
  readonly find: (name: string) => Any;
  readonly described: (connector: Any) => {
    readonly name: string;
    readonly settings: Record<string, Json>;
    readonly origins: Record<string, "set" | "default">;
  };
  readonly add: (
    name: string,
    settings: PlainSection,
    whatIf: boolean,
    notices?: (change: Change) => readonly string[],
  ) => Promise<ChangeOutput>;
  readonly set: (name: string, settings: PlainSection, whatIf: boolean) => Promise<ChangeOutput>;
  readonly enable: Edit;
  readonly disable: Edit;
  readonly remove: Edit;
}

export function connectorChanges<Any extends Connector>(
  administered: Administered,
  { section, kind, all: allOf, plain }: ConnectorSection<Any>,
): ConnectorChanges<Any> {
  const { relay } = administered;
  const all = (): readonly Any[] => allOf(relay.settings);
  const find = (name: string): Any => findConnector(all(), name, relay.settings.hostname, kind);

  /** Every setting; nothing where it does not exist. */
  const plainOf = (settings: Settings, name: string): PlainSection => {
    const connector = allOf(settings)[indexOf(allOf(settings), name)];
    return connector === undefined ? {} : plain(connector);
  };
  /** The settings its section of the file gives. */
  const given = (
    side: { readonly settings: Settings; readonly origins: Origins },
    name: string,
  ): PlainSection => {
    const index = indexOf(allOf(side.settings), name);
    return setOnly(
      plainOf(side.settings, name),
      (setting) => side.origins.get(`${section}[${index}].${setting}`) === "set",
    );
  };

  const set = (name: string, settings: PlainSection, whatIf: boolean): Promise<ChangeOutput> => {
    const identity = find(name).name;
    const newName = typeof settings["name"] === "string" ? settings["name"] : identity;
    return changeConfiguration(administered, { kind: "set", section, name: identity, settings }, whatIf, {
      changes: ({ before, after }) =>
        settingChanges(plainOf(before.settings, identity), plainOf(after.settings, newName)),
    });
  };

  return {
    all,
    find,
    described: (connector) => ({
      name: connector.name,
      settings: shownSection(plain(connector)),
      origins: origins(administered, section, all().indexOf(connector), plain(connector)),
    }),
    add: (name, settings, whatIf, notices = () => []) =>
      changeConfiguration(administered, { kind: "add", section, name, settings }, whatIf, {
        changes: ({ after }) => settingChanges({}, given(after, name)),
        notices,
      }),
    set,
    enable: ({ name, whatIf }) => set(name, find(name).enabled ? {} : { enabled: true }, whatIf),
    disable: ({ name, whatIf }) => set(name, find(name).enabled ? { enabled: false } : {}, whatIf),
    remove: ({ name, whatIf }) => {
      const identity = find(name).name;
      return changeConfiguration(administered, { kind: "remove", section, name: identity }, whatIf, {
        changes: ({ before }) => settingChanges(given(before, identity), {}),
      });
    },
  };
}

function indexOf(connectors: readonly Connector[], name: string): number {
  return connectors.findIndex((connector) => connector.name.toLowerCase() === name.trim().toLowerCase());
}
