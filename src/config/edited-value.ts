/** What an edit of the configuration means for its values, whatever the text looks like. */
import { isDeepStrictEqual } from "node:util";
import { parseAcceptedDomain } from "./accepted-domain.ts";
import { parseText, type Section } from "./edit-text.ts";
import { canonicalName } from "./setting-names.ts";

/** Lists of sections that are known by their `name`. */
export type NamedSection =
  | "receiveConnectors"
  | "sendConnectors"
  | "users"
  | "apiKeys"
  | "applications"
  | "addressRewriteEntries"
  | "dkimKeys"
  | "webhooks";
/** Lists of words. */
export type ListSection = "acceptedDomains";

/** Settings by their canonical names; null takes one out of the file, so that its default holds. */
export type ConfigurationEdit =
  | {
      readonly kind: "set";
      readonly section: NamedSection;
      readonly name: string;
      readonly settings: Section;
    }
  /** In every entry of a list. */
  | { readonly kind: "setEach"; readonly section: NamedSection; readonly settings: Section }
  | {
      readonly kind: "add";
      readonly section: NamedSection;
      readonly name: string;
      readonly settings: Section;
    }
  | { readonly kind: "remove"; readonly section: NamedSection; readonly name: string }
  | {
      readonly kind: "setSection";
      readonly section: "transport" | "admin" | "metrics";
      readonly settings: Section;
    }
  /** Settings that stand in no section. */
  | { readonly kind: "setTop"; readonly settings: Section }
  /** `add` goes to the end. */
  | {
      readonly kind: "changeList";
      readonly section: ListSection;
      readonly remove: readonly string[];
      readonly add: readonly string[];
    }
  /** By category, with its source; null for the default level. */
  | { readonly kind: "setLevels"; readonly levels: Readonly<Record<string, string | null>> };

/** What a new entry of a list says. */
export function itemOf({ name, settings }: { readonly name: string; readonly settings: Section }): Section {
  return {
    name,
    ...Object.fromEntries(
      Object.entries(settings).filter(([key, value]) => key !== "name" && value !== null),
    ),
  };
}

/** Without regard to case, as in Exchange. */
export function isCalled(written: unknown, name: string): boolean {
  return (
    (typeof written === "string" || typeof written === "number") &&
    String(written).trim().toLowerCase() === name.trim().toLowerCase()
  );
}

/** Whether an entry of a list of words is the one that is meant, however it is spelt. */
export function isSameItem(_section: ListSection, written: unknown, wanted: string): boolean {
  if (isCalled(written, wanted)) return true;
  const [one, other] = [String(written), wanted].map((text) => {
    const parsed = parseAcceptedDomain(text);
    return parsed.ok ? `${String(parsed.value.subdomains)} ${parsed.value.domain}` : undefined;
  });
  return one !== undefined && one === other;
}

/** A category without its source. */
export function bareCategory(category: string): string {
  return category.slice(category.lastIndexOf("\\") + 1).toLowerCase();
}

/** Whether the edited text reads as the old one with the edits made on its values, and nothing else. */
export function readsAsEdited(before: string, after: string, edits: readonly ConfigurationEdit[]): boolean {
  const wanted = edits.reduce(editedValue, parseText(before).toJS() as Values);
  return isDeepStrictEqual(withoutEmpty(parseText(after).toJS() as Values), withoutEmpty(wanted));
}

type Values = Record<string, unknown>;

function editedValue(whole: Values, edit: ConfigurationEdit): Values {
  switch (edit.kind) {
    case "set":
    case "add":
    case "remove": {
      const list = asList(whole[edit.section]) as Values[];
      const isIt = (item: Values): boolean => isCalled(item["name"], edit.name);
      if (edit.kind === "remove") return { ...whole, [edit.section]: list.filter((item) => !isIt(item)) };
      if (edit.kind === "add") return { ...whole, [edit.section]: [...list, itemOf(edit)] };
      return {
        ...whole,
        [edit.section]: list.map((item) =>
          isIt(item) ? withSettings(item, edit.settings, (key) => canonicalName(key, edit.section)) : item,
        ),
      };
    }
    case "setEach":
      return {
        ...whole,
        [edit.section]: asList(whole[edit.section]).map((item) =>
          withSettings(asSection(item), edit.settings, (key) => canonicalName(key, edit.section)),
        ),
      };
    case "setTop":
      return withSettings(whole, edit.settings, (key) => key);
    case "changeList":
      return {
        ...whole,
        [edit.section]: [
          ...asList(whole[edit.section]).filter(
            (item) => !edit.remove.some((wanted) => isSameItem(edit.section, item, wanted)),
          ),
          ...edit.add,
        ],
      };
    case "setSection":
      return {
        ...whole,
        [edit.section]: withSettings(asSection(whole[edit.section]), edit.settings, (key) =>
          canonicalName(key, edit.section),
        ),
      };
    case "setLevels": {
      const diagnostics = asSection(whole["diagnostics"]);
      const levels = withSettings(asSection(diagnostics["levels"]), edit.levels, bareCategory);
      return { ...whole, diagnostics: { ...diagnostics, levels } };
    }
  }
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asSection(value: unknown): Values {
  return typeof value === "object" && value !== null ? (value as Values) : {};
}

function withSettings(section: Values, settings: Section, identity: (key: string) => string): Values {
  const result = { ...section };
  for (const [name, value] of Object.entries(settings)) {
    const written = Object.keys(result).find((key) => identity(key) === identity(name)) ?? name;
    if (value === null) delete result[written];
    else result[written] = value;
  }
  return result;
}

/** An empty section and a missing one mean the same. */
function withoutEmpty(value: Values): Values {
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]): [string, unknown] => [
        key,
        typeof inner === "object" && inner !== null && !Array.isArray(inner)
          ? withoutEmpty(inner as Values)
          : inner,
      ])
      .filter(([, inner]) => !isEmpty(inner)),
  );
}

function isEmpty(value: unknown): boolean {
  return (
    value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0)
  );
}
