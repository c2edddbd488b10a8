/** What is imported beside what is there already: names that are taken, and connectors that could not both answer. */
import { isDeepStrictEqual } from "node:util";
import { parseEndpoint } from "../../core/units/endpoint.ts";
import { parseIpRange } from "../../core/units/ip-range.ts";
import type { Parsed } from "../../core/units/parsed.ts";
import { conflictsBetween, type Listening } from "../connector-conflicts.ts";
import type { ConfigurationEdit } from "../edit.ts";
import type { Plain } from "../edit-value.ts";
import { withUsagePresets } from "../receive-connector.ts";
import { type ImportedPart, plainText } from "./finding.ts";

type Section = Readonly<Record<string, unknown>>;
type Addition = Extract<ConfigurationEdit, { readonly kind: "add" }>;

/** The configuration's connectors as plain settings. */
export interface Present {
  readonly receiveConnectors: readonly Section[];
  readonly sendConnectors: readonly Section[];
}

/**
 * A name that another imported connector has is changed; one that is taken in the configuration skips the connector, or
 * with `replace` takes the other's place. Receive connectors that would meet others on a binding are skipped.
 */
export function withoutCollisions(
  parts: readonly ImportedPart[],
  present: Present,
  replace: boolean,
): readonly ImportedPart[] {
  const imported: Addition[] = [];
  const listening = new Map(
    present.receiveConnectors.map((connector) => [nameOf(connector), listeningOf(connector)]),
  );
  return parts.map((part): ImportedPart => {
    const addition = part.edits.find((edit): edit is Addition => edit.kind === "add");
    if (addition === undefined) return part;
    const twin = imported.find((other) => isSameName(other, addition));
    const title =
      twin === undefined || part.origin === undefined ? part.title : `${part.title} of ${part.origin}`;
    const skipped = (reason: string): ImportedPart => ({
      ...part,
      title,
      edits: [],
      toDo: [],
      skipped: reason,
    });

    if (twin !== undefined && isDeepStrictEqual(twin.settings, addition.settings))
      return skipped(`it is the same as ${twin.name} above, and taken once`);
    const placed =
      twin === undefined ? addition : { ...addition, name: freeName(addition, part.origin, imported) };
    const isThere = present[placed.section as keyof Present].some(
      (other) => nameOf(other) === lower(placed.name),
    );
    if (isThere && !replace)
      return skipped(`there is a connector ${placed.name} already; -Force puts this one in its place`);

    if (placed.section === "receiveConnectors") {
      const own = listeningOf({ name: placed.name, ...placed.settings });
      const others = [...listening].filter(([name]) => name !== lower(placed.name)).map(([, other]) => other);
      const conflict = others.flatMap((other) => conflictOf(own, other)).at(0);
      if (conflict !== undefined) return skipped(conflict);
      listening.set(lower(placed.name), own);
    }
    imported.push(placed);
    return renamed(part, addition, placed, isThere);
  });
}

function renamed(part: ImportedPart, before: Addition, after: Addition, isThere: boolean): ImportedPart {
  const { section, name } = after;
  const edits: readonly ConfigurationEdit[] = part.edits.map((edit) => (edit === before ? after : edit));
  return {
    ...part,
    title: part.title.replace(before.name, name),
    edits: isThere ? [{ kind: "remove", section, name }, ...edits] : edits,
    findings:
      before.name === name
        ? part.findings
        : [
            ...part.findings,
            {
              property: "Name",
              value: before.name,
              outcome: "differs",
              text: `name: ${name}; another imported connector has that name`,
            },
          ],
  };
}

function isSameName(a: Addition, b: Addition): boolean {
  return a.section === b.section && lower(a.name) === lower(b.name);
}

const mostName = 64;

/** With its server behind it, else with a number. */
function freeName(addition: Addition, origin: string | undefined, imported: readonly Addition[]): string {
  const taken = (name: string): boolean => imported.some((other) => isSameName(other, { ...addition, name }));
  const withServer = `${addition.name} ${origin ?? "2"}`;
  if (withServer.length <= mostName && !taken(withServer)) return withServer;
  for (let number = 2; ; number++) {
    const numbered = `${addition.name.slice(0, mostName - 6)} ${number}`;
    if (!taken(numbered)) return numbered;
  }
}

function conflictOf(connector: Listening, other: Listening): readonly string[] {
  if (!connector.enabled || !other.enabled) return [];
  return conflictsBetween(connector, other)
    .slice(0, 1)
    .map(({ message }) => `its range ${message}`);
}

/** Values that cannot be read conflict with nothing; the check of the whole file tells them. */
function listeningOf(given: Section): Listening {
  const connector = withUsagePresets(given);
  return {
    name: String(connector["name"]),
    enabled: connector["enabled"] !== false,
    bindings: readAll(connector["bindings"], parseEndpoint),
    remoteIpRanges: readAll(connector["remoteIpRanges"], parseIpRange),
  };
}

function readAll<Value>(list: unknown, parse: (text: string) => Parsed<Value>): readonly Value[] {
  if (!Array.isArray(list)) return [];
  return (list as readonly Plain[]).flatMap((item) => {
    const read = parse(plainText(item));
    return read.ok ? [read.value] : [];
  });
}

function nameOf(section: Section): string {
  return lower(String(section["name"]));
}

const lower = (name: string): string => name.trim().toLowerCase();
