/** What all entries with a name have in common: connectors, applications, users. */
import type { NamedSection } from "../../config/edit.ts";
import type { PlainSection } from "../../config/plain-settings.ts";
import type { Origin } from "../../config/parse-config.ts";
import { nearest } from "../../core/units/nearest-name.ts";
import type { Administered } from "../administered.ts";
import type { Json } from "../contract/values.ts";
import { AdminRefusal } from "../refusal.ts";

/** By name without regard to case, or as Exchange's `Server\Name`. */
export function findNamed<Entry extends { readonly name: string }>(
  entries: readonly Entry[],
  identity: string,
  hostname: string,
  noun: string,
): Entry {
  const wanted = identity.trim().toLowerCase();
  const server = `${hostname.toLowerCase()}\\`;
  const bare = wanted.startsWith(server) ? wanted.slice(server.length) : wanted;
  const found =
    entries.find(({ name }) => name === identity) ??
    entries.find(({ name }) => [wanted, bare].includes(name.trim().toLowerCase()));
  if (found !== undefined) return found;
  const names = entries.map(({ name }) => name);
  const near = nearest(identity, names);
  const hint =
    near !== undefined
      ? `; did you mean ${near}?`
      : names.length === 0
        ? "; there are none"
        : `; there are ${names.slice(0, 20).join(", ")}`;
  throw new AdminRefusal("notFound", `there is no ${noun} ${identity}${hint}`);
}

/** Which of the settings the file gives; without a file all are taken for given. */
export function origins(
  { configuration }: Administered,
  section: NamedSection | "transport",
  index: number | undefined,
  settings: PlainSection,
): Record<string, Origin> {
  const place = index === undefined ? section : `${section}[${index}]`;
  return Object.fromEntries(
    Object.keys(settings).map((name) => [
      name,
      configuration === undefined
        ? "set"
        : (configuration.applied.origins.get(`${place}.${name}`) ?? "default"),
    ]),
  );
}

export function setOnly(settings: PlainSection, isSet: (setting: string) => boolean): PlainSection {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => isSet(name)));
}

export function shownSection(settings: PlainSection): Record<string, Json> {
  return settings as Record<string, Json>;
}
