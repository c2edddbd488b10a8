/** A parameter for each setting of a section. */
import type { SettingFact } from "../../config/setting-facts.ts";
import type { Parameter, ParameterKind } from "../cmdlet.ts";
import { exchangeName } from "../output/setting-text.ts";

const kinds: Readonly<Record<string, ParameterKind>> = {
  "true or false": "boolean",
  "one word": "choice",
  text: "text",
  section: "section",
  limits: "limits",
};

/** All but those named in `except`. */
export function settingParameters(
  facts: readonly SettingFact[],
  except: readonly string[] = [],
): readonly Parameter[] {
  return facts.filter(({ name }) => !except.includes(name)).map(parameterOf);
}

function parameterOf({ name, kind, range, choices, default: byDefault, help }: SettingFact): Parameter {
  const rangeText = range === undefined || choices !== undefined ? "" : ` (${range})`;
  return {
    name: exchangeName(name),
    kind: kind.startsWith("list") ? "changeableList" : (kinds[kind] ?? "value"),
    help: `${help.replaceAll("`", "")}${rangeText}`,
    setting: name,
    value: valueName(kind),
    ...(choices === undefined ? {} : { choices }),
    ...(byDefault === undefined ? {} : { default: byDefault }),
  };
}

function valueName(kind: string): string {
  switch (kind) {
    case "true or false":
      return "true|false";
    case "list":
      return "WORD,…";
    case "list of IP ranges":
      return "RANGE,…";
    case "list of address:port":
      return "ADDRESS:PORT,…";
    case "list of hosts":
      return "HOST,…";
    case "list of address spaces":
      return "DOMAIN,…";
    case "one word":
      return "WORD";
    case "section":
      return "@{…}";
    case "limits":
      return "@{LIMIT=VALUE;…}";
    case "domain name":
      return "DOMAIN";
    case "mail address":
      return "ADDRESS";
    case "integer":
    case "number":
      return "NUMBER";
    default:
      return kind.toUpperCase();
  }
}
