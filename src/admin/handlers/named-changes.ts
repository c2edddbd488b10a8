/** What connectors and applications have done to them alike: found by name, described, added, set, removed. */
import type { Change } from "../../config/live-configuration.ts";
import type { Origin, Origins } from "../../config/parse-config.ts";
import { settingChanges, type PlainSection } from "../../config/plain-settings.ts";
import type { Settings } from "../../config/settings.ts";
import type { Administered } from "../administered.ts";
import type { Json } from "../contract/values.ts";
import type { NamedSection } from "../../config/edit.ts";
import { changeConfiguration, type ChangeOutput } from "./change.ts";
import { findNamed, origins, setOnly, shownSection } from "./named-settings.ts";

interface Named {
  readonly name: string;
}
interface Connector extends Named {
  readonly enabled: boolean;
}

/** A section of the file that is a list of entries with names. */
export interface NamedEntries<Any extends Named> {
  readonly section: NamedSection;
  /** What an entry is called: `receive connector`. */
  readonly noun: string;
  readonly all: (settings: Settings) => readonly Any[];
  readonly plain: (entry: Any) => PlainSection;
}

type Edit = (identity: { readonly name: string; readonly whatIf: boolean }) => Promise<ChangeOutput>;

export interface NamedChanges<Any extends Named> {
  readonly all: () => readonly Any[];
  /** Throws AdminRefusal `notFound`. */
  readonly find: (name: string) => Any;
  readonly described: (entry: Any) => {
    readonly name: string;
    readonly settings: Record<string, Json>;
    readonly origins: Record<string, Origin>;
  };
  readonly add: (
    name: string,
    settings: PlainSection,
    whatIf: boolean,
    notices?: (change: Change) => readonly string[],
  ) => Promise<ChangeOutput>;
  readonly set: (name: string, settings: PlainSection, whatIf: boolean) => Promise<ChangeOutput>;
  readonly remove: (
    identity: { readonly name: string; readonly whatIf: boolean },
    notices?: (change: Change) => readonly string[],
  ) => Promise<ChangeOutput>;
}

export interface ConnectorChanges<Any extends Connector> extends NamedChanges<Any> {
  readonly enable: Edit;
  readonly disable: Edit;
}

export function connectorChanges<Any extends Connector>(
  administered: Administered,
  entries: NamedEntries<Any>,
): ConnectorChanges<Any> {
  const changes = namedChanges(administered, entries);
  const { find, set } = changes;
  return {
    ...changes,
    enable: ({ name, whatIf }) => set(name, find(name).enabled ? {} : { enabled: true }, whatIf),
    disable: ({ name, whatIf }) => set(name, find(name).enabled ? { enabled: false } : {}, whatIf),
  };
}

export function namedChanges<Any extends Named>(
  administered: Administered,
  { section, noun, all: allOf, plain }: NamedEntries<Any>,
): NamedChanges<Any> {
  const { relay } = administered;
  const all = (): readonly Any[] => allOf(relay.settings);
  const find = (name: string): Any => findNamed(all(), name, relay.settings.hostname, noun);

  /** Every setting; nothing where it does not exist. */
  const plainOf = (settings: Settings, name: string): PlainSection => {
    const entry = allOf(settings)[indexOf(allOf(settings), name)];
    return entry === undefined ? {} : plain(entry);
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
    described: (entry) => ({
      name: entry.name,
      settings: shownSection(plain(entry)),
      origins: origins(administered, section, all().indexOf(entry), plain(entry)),
    }),
    add: (name, settings, whatIf, notices = () => []) =>
      changeConfiguration(administered, { kind: "add", section, name, settings }, whatIf, {
        changes: ({ after }) => settingChanges({}, given(after, name)),
        notices,
      }),
    set,
    remove: ({ name, whatIf }, notices = () => []) => {
      const identity = find(name).name;
      return changeConfiguration(administered, { kind: "remove", section, name: identity }, whatIf, {
        changes: ({ before }) => settingChanges(given(before, identity), {}),
        notices,
      });
    },
  };
}

function indexOf(entries: readonly Named[], name: string): number {
  return entries.findIndex((entry) => entry.name.toLowerCase() === name.trim().toLowerCase());
}
