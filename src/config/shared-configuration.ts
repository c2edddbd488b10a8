/**
 * One configuration out of two texts: the document that all nodes share, and the file of this node, which says how to find
 * it and what differs by machine. Pure.
 */
import type { Section } from "./section.ts";
import { isSection } from "./section.ts";
import { configurationSchema } from "./configuration-schema.ts";
import { deleteTopLevel, findPair, keyOf, NotEditable, parseText } from "./edit-text.ts";
import { formatPath, type Fault, type Locate, type Path } from "./fault.ts";
import { type ConfigResult, type ConfigSurroundings, parseConfigValue } from "./parse-config.ts";
import { canonicalName } from "./setting-names.ts";
import { readYaml } from "./yaml-source.ts";
import { isMap } from "yaml";

/** What stands in a node's file; all else is shared. */
export const ownSections: readonly string[] = [
  "cluster",
  "hostname",
  "dataDirectory",
  "requirePersistentSpool",
  "admin",
  "metrics",
  "logging",
];

/** Lists of the document whose entries have settings of a node's own in its section `cluster`. */
const overridden = ["receiveConnectors", "sendConnectors"] as const;

/** `surroundings`: as parseConfig has them. A fault of the node's file names it; one of the document does not. */
export function parseShared(document: string, own: string, surroundings: ConfigSurroundings): ConfigResult {
  const { file } = surroundings;
  const shared = readYaml(document);
  const mine = readYaml(own);
  const known: Fault[] = [
    ...(shared.ok ? [] : shared.faults),
    ...(mine.ok ? [] : mine.faults.map((fault) => ({ ...fault, file }))),
  ];
  const sharedSide = shared.ok ? shared : shared.rest;
  const ownSide = mine.ok ? mine : mine.rest;
  if (sharedSide === undefined || ownSide === undefined) return { ok: false, faults: known };
  const sections = isSection(sharedSide.value) ? sharedSide.value : {};
  const ownSettings = isSection(ownSide.value) ? ownSide.value : {};
  if (!isSection(sharedSide.value))
    known.push({ path: "", line: 1, column: 1, message: "is not a set of settings (name: value)" });

  for (const name of Object.keys(sections))
    if (ownSections.includes(name))
      known.push(
        faultAt(
          sharedSide.locate,
          [name],
          `stands in the file of each node (${ownSections.join(", ")}), not here`,
        ),
      );
  for (const name of Object.keys(ownSettings))
    if (!ownSections.includes(name) && name in configurationSchema.shape)
      known.push({
        ...faultAt(
          ownSide.locate,
          [name],
          "stands in the configuration that the nodes share; change it there, and take it out of this file",
        ),
        file,
      });
  known.push(...secretsInClear(sections, sharedSide.locate));

  const { lists, placeOf } = withOwnSettings(sections, ownSettings["cluster"]);
  const locate: Locate = (path, part) => {
    const [first] = path;
    const moved = placeOf(path);
    if (moved !== undefined) return { ...ownSide.locate(moved, part), file };
    const isOwn = first !== undefined && first in ownSettings && !(first in sections);
    return isOwn ? { ...ownSide.locate(path, part), file } : sharedSide.locate(path, part);
  };
  const strayOwn = Object.keys(ownSettings).filter(
    (name) => !ownSections.includes(name) && name in configurationSchema.shape,
  );
  const value = {
    ...withoutKeys(ownSettings, strayOwn),
    ...withoutKeys(sections, ownSections),
    ...lists,
  };
  const parsed = parseConfigValue(value, surroundings, locate, known);
  const idle = idleOverrides(sections, ownSettings["cluster"]).map(([path, message]): Fault => ({
    ...faultAt(ownSide.locate, path, message),
    file,
  }));
  return idle.length === 0 ? parsed : { ...parsed, warnings: [...(parsed.warnings ?? []), ...idle] };
}

/** What this node has of connectors that are not there: a name that was mistyped, or theirs was changed. */
function idleOverrides(sections: Section, cluster: unknown): readonly (readonly [Path, string])[] {
  return overridden.flatMap((section) => {
    const entries: unknown = sections[section];
    const given: unknown = isSection(cluster) ? cluster[section] : undefined;
    if (!Array.isArray(given)) return [];
    const known = Array.isArray(entries) ? entries.filter(isSection) : [];
    return given.flatMap((own: unknown, index): (readonly [Path, string])[] => {
      if (!isSection(own) || known.some(({ name }) => isSameName(name, own["name"]))) return [];
      const names = known.map(({ name }) => String(name)).join(", ");
      const message = `the nodes have no connector of this name, so nothing of it holds; there are: ${names}`;
      return [[["cluster", section, index, "name"], message]];
    });
  });
}

function faultAt(locate: Locate, path: Path, message: string): Fault {
  return { path: formatPath(path), ...locate(path, "key"), message };
}

function withoutKeys(section: Section, names: readonly string[]): Section {
  return Object.fromEntries(Object.entries(section).filter(([name]) => !names.includes(name)));
}

/** Of what opens other systems, the database and its backups get the place only. */
function secretsInClear(sections: Section, locate: Locate): readonly Fault[] {
  const connectors = sections["sendConnectors"];
  if (!Array.isArray(connectors)) return [];
  return connectors.flatMap((connector: unknown, index) => {
    const credential = isSection(connector) ? connector["authenticationCredential"] : undefined;
    if (!isSection(credential) || credential["password"] === undefined) return [];
    const path: Path = ["sendConnectors", index, "authenticationCredential", "password"];
    return [
      faultAt(locate, path, "would stand in the database in clear; give passwordFile, a file on each node"),
    ];
  });
}

/** The lists as this node has them. `placeOf`: where in its file a setting stands that it has by itself. */
function withOwnSettings(
  sections: Section,
  cluster: unknown,
): { readonly lists: Section; readonly placeOf: (path: Path) => Path | undefined } {
  const lists: Section = {};
  const places = new Map<string, Path>();
  for (const section of overridden) {
    const entries: unknown = sections[section];
    const given: unknown = isSection(cluster) ? cluster[section] : undefined;
    if (!Array.isArray(entries) || !Array.isArray(given)) continue;
    lists[section] = entries.map((entry: unknown, index) => {
      if (!isSection(entry)) return entry;
      const at = given.findIndex((own: unknown) => isSection(own) && isSameName(own["name"], entry["name"]));
      const own: unknown = given[at];
      if (!isSection(own)) return entry;
      const settings = withoutKeys(own, ["name"]);
      const names = Object.keys(settings).map((name) => canonicalName(name, section));
      for (const [n, name] of names.entries())
        places.set(formatPath([section, index, name]), [
          "cluster",
          section,
          at,
          Object.keys(settings)[n] ?? name,
        ]);
      const kept = Object.entries(entry).filter(([name]) => !names.includes(canonicalName(name, section)));
      return { ...Object.fromEntries(kept), ...settings };
    });
  }
  return {
    lists,
    placeOf(path) {
      const place = path.length < 3 ? undefined : places.get(formatPath(path.slice(0, 3)));
      return place === undefined ? undefined : [...place, ...path.slice(3)];
    },
  };
}

function isSameName(one: unknown, other: unknown): boolean {
  return String(one).trim().toLowerCase() === String(other).trim().toLowerCase();
}

/**
 * A whole configuration file as the two parts that several nodes have of it, each with its comments. Throws NotEditable
 * where its form does not allow that.
 */
export function splitConfiguration(text: string): { readonly shared: string; readonly own: string } {
  return {
    shared: without(text, (name) => ownSections.includes(name)),
    own: without(text, (name) => !ownSections.includes(name)),
  };
}

function without(text: string, isGone: (name: string) => boolean): string {
  let left = text;
  for (;;) {
    const { contents } = parseText(left);
    if (!isMap(contents)) throw new NotEditable("the file is not a set of settings");
    const pair = findPair(contents, isGone);
    if (pair === undefined) return left;
    if (contents.items.length === 1) return "";
    left = deleteTopLevel(left, contents, pair);
    if (findPair(contentsOf(left), (name) => name === keyOf(pair)) !== undefined)
      throw new NotEditable(`${keyOf(pair)} cannot be taken out of it`);
  }
}

function contentsOf(text: string) {
  const { contents } = parseText(text);
  if (!isMap(contents)) throw new NotEditable("the file is not a set of settings");
  return contents;
}
