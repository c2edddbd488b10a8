/** Properties of a Receive connector that are more than the setting of the same name. */
import type { Plain } from "../../edit-value.ts";
import { refusedValues } from "../../refused-settings.ts";
import { type ExportedObject, type ExportedProperty, textOf } from "../exported/exported-value.ts";
import { written } from "../finding.ts";
import { ownValue } from "../own-value.ts";
import type { Special } from "./carry-settings.ts";
import { refusalText } from "./refusal-text.ts";

const section = "receiveConnectors";

/** Exchange 2013 and later have one; 32 and 16384 as a number. */
export function transportRole(object: ExportedObject): string {
  const text = textOf(object.get("transportrole")?.value);
  return text === "32" ? "HubTransport" : text === "16384" ? "FrontendTransport" : text;
}

/** `setting`: its name, or the property in lower case; `server`: the old server's name, where the export tells it. */
export function receiveSpecial(
  setting: string,
  property: ExportedProperty,
  value: Plain | undefined,
  object: ExportedObject,
  server: string,
): Special | undefined {
  const text = textOf(property.value);
  switch (setting) {
    case "authMechanism":
    case "permissionGroups":
      return withoutRefused(setting, value);
    case "comment":
      return /\s{2}|[\r\n]/.test(text)
        ? { value: oneLine(text), outcome: "carriedOver", text: written(setting, oneLine(text)) }
        : undefined;
    case "banner":
      return text.startsWith("220") && value !== undefined
        ? {
            value: text.replace(/^220 ?/, ""),
            outcome: "carriedOver",
            text: written(setting, text.replace(/^220 ?/, "")),
          }
        : undefined;
    case "fqdn":
      return server !== "" && text.toLowerCase().split(".", 1)[0] === server.toLowerCase()
        ? {
            value: undefined,
            outcome: "differs",
            text: "the old server's own name; this relay greets with its own, hostname",
          }
        : undefined;
    case "maxAcknowledgementDelay":
      return acknowledgement(value, object.has("transportrole"));
    case "transportrole":
      return transportRole(object) === "FrontendTransport"
        ? { value: undefined, outcome: "nothing", text: "" }
        : { value: undefined, outcome: "leftOut", text: refusalText(section, "transportRole") ?? "" };
    case "tlscertificatename":
      return text === ""
        ? undefined
        : {
            value: undefined,
            outcome: "leftOut",
            text: refusalText(section, "tlsCertificateName") ?? "",
          };
    default:
      return undefined;
  }
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

/** The words that mean something here, with the reason for each that does not. */
function withoutRefused(setting: string, value: Plain | undefined): Special | undefined {
  if (!Array.isArray(value)) return undefined;
  const reasons = refusedValues[setting] ?? {};
  const words = value.map(String);
  const refused = words.filter((word) => ownValue(reasons, word) !== undefined);
  if (refused.length === 0) return undefined;
  const kept = words.filter((word) => ownValue(reasons, word) === undefined);
  const taken = kept.length === 0 ? ["None"] : kept;
  return {
    value: taken,
    outcome: "differs",
    text: `${written(setting, taken)}; ${refused.map((word) => ownValue(reasons, word) ?? "").join("; ")}`,
  };
}

function acknowledgement(value: Plain | undefined, isIgnoredThere: boolean): Special | undefined {
  if (value === "0s" || value === undefined) return undefined;
  if (isIgnoredThere)
    return { value: undefined, outcome: "nothing", text: "Exchange 2013 and later keep it without using it" };
  return value === "30s"
    ? {
        value: undefined,
        outcome: "differs",
        text: "0 here, Exchange's default is 30 s: a message is on disk before it is acknowledged, so nothing has to wait",
      }
    : undefined;
}
