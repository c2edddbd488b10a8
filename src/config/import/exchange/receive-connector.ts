/** A Receive connector of Exchange 2010 to SE, exported, as one here. */
import { receiveConnectorFacts } from "../../generated/setting-facts.ts";
import { withUsagePresets } from "../../receive-connector.ts";
import { receiveConnectorSchema } from "../../receive-connector-schema.ts";
import { refusedSettings, refusedValues } from "../../refused-settings.ts";
import type { Plain } from "../../edit-value.ts";
import { type ExportedObject, type ExportedProperty, itemsOf, textOf } from "../exported/exported-value.ts";
import { commandText, type Finding, type ImportedPart, type ToDo, written } from "../finding.ts";
import { carrySettings, type Special } from "./carry-settings.ts";
import { type ConnectorRights, type GrantedRights, relayRight, rightsOn } from "./permissions.ts";

export interface ReceiveConnectorImport {
  readonly permissions: readonly ConnectorRights[] | undefined;
  /** The export holds no other connector. */
  readonly isOnly: boolean;
  /** Also connectors that Exchange has for itself. */
  readonly all: boolean;
}

const section = "receiveConnectors";
const { usage: _, ...shape } = receiveConnectorSchema.shape;

export function importReceiveConnector(
  object: ExportedObject,
  { permissions, isOnly, all }: ReceiveConnectorImport,
): ImportedPart {
  const { name, server, identity } = namesOf(object);
  const part = {
    title: `Receive connector ${name || "without a name"}`,
    ...(server === "" ? {} : { origin: server }),
  };
  const skipped = (reason: string): ImportedPart => ({
    ...part,
    edits: [],
    findings: [],
    toDo: [],
    skipped: reason,
  });
  if (name === "") return skipped("the export has neither its Name nor its Identity");
  const internal = all ? undefined : internalReason(object, name);
  if (internal !== undefined) return skipped(internal);
  const missing = ["Bindings", "RemoteIPRanges"].filter((needed) => !object.has(needed.toLowerCase()));
  if (missing.length > 0)
    return skipped(`the export has no ${missing.join(" and no ")}; write all of it, with | Format-List`);

  const granted = permissions && rightsOn(permissions, { identity, name, isOnly });
  const chunking = textOf(object.get("chunkingenabled")?.value).toLowerCase() !== "false";
  const carried = carrySettings(object, {
    section,
    facts: receiveConnectorFacts.filter((fact) => fact.name in shape),
    shape,
    preset: (setting) => (setting === "binaryMimeEnabled" ? chunking : withUsagePresets({ name })[setting]),
    special: (setting, property, value) => special(setting, property, value, object, server),
  });
  const lacking = ["bindings", "remoteIpRanges"].filter(
    (setting) => withUsagePresets({ name, ...carried.settings })[setting] === undefined,
  );
  const settings = {
    ...carried.settings,
    ...(granted?.anonymousRelay === true ? { anonymousRelay: true } : {}),
  };
  const findings = [...carried.findings, ...rightFindings(object, granted)];
  if (lacking.length > 0)
    return {
      ...part,
      edits: [],
      findings,
      toDo: [],
      skipped: `nothing of ${lacking.join(" and ")} can be taken`,
    };
  return {
    ...part,
    edits: [{ kind: "add", section, name, settings }],
    findings,
    toDo: toDo(object, name, settings, granted),
  };
}

/** `EX01\App Relay` */
function namesOf(object: ExportedObject): { name: string; server: string; identity: string } {
  const identity = textOf(object.get("identity")?.value);
  const cut = identity.lastIndexOf("\\");
  const name = textOf(object.get("name")?.value) || identity.slice(cut + 1);
  const server = textOf(object.get("server")?.value) || identity.slice(0, Math.max(0, cut));
  // A distinguished name begins with what it names.
  return { name, server: /^CN=([^,]+)/i.exec(server)?.[1] ?? server, identity };
}

const setUpByExchange = [/^default (?!frontend |internal )/i, /^client proxy /i];

/** Mail gets to these from Exchange's own front end or transport only. */
function internalReason(object: ExportedObject, name: string): string | undefined {
  const role = transportRole(object);
  const ports = new Set(
    itemsOf(object.get("bindings")?.value).map((binding) => binding.slice(binding.lastIndexOf(":") + 1)),
  );
  const only = (...internal: readonly string[]): boolean =>
    ports.size > 0 && [...ports].every((port) => internal.includes(port));
  const behind =
    role === "HubTransport" && (setUpByExchange.some((own) => own.test(name)) || only("2525", "465"));
  if (behind)
    return "Exchange has it for itself (HubTransport): its front end hands mail on to it. There is one service here, and it is not needed; -All imports it all the same";
  if (/^outbound proxy frontend/i.test(name) || only("717"))
    return "Exchange has it for itself: outgoing mail passes through it. It is not needed here; -All imports it all the same";
  return undefined;
}

/** Exchange 2013 and later have one; 32 and 16384 as a number. */
function transportRole(object: ExportedObject): string {
  const text = textOf(object.get("transportrole")?.value);
  return text === "32" ? "HubTransport" : text === "16384" ? "FrontendTransport" : text;
}

function special(
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
        : { value: undefined, outcome: "leftOut", text: refusedSettings[section]?.["transportRole"] ?? "" };
    case "tlscertificatename":
      return text === ""
        ? undefined
        : {
            value: undefined,
            outcome: "leftOut",
            text: refusedSettings[section]?.["tlsCertificateName"] ?? "",
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
  const refused = words.filter((word) => reasons[word] !== undefined);
  if (refused.length === 0) return undefined;
  const kept = words.filter((word) => reasons[word] === undefined);
  const taken = kept.length === 0 ? ["None"] : kept;
  return {
    value: taken,
    outcome: "differs",
    text: `${written(setting, taken)}; ${refused.map((word) => reasons[word] ?? "").join("; ")}`,
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

function rightFindings(object: ExportedObject, granted: GrantedRights | undefined): readonly Finding[] {
  const property = relayRight;
  const findings: Finding[] = [];
  if (granted?.anonymousRelay === true)
    findings.push({
      property,
      value: "ANONYMOUS LOGON",
      outcome: "carriedOver",
      text: "anonymousRelay: true",
    });
  if (granted !== undefined && granted.accounts.length > 0)
    findings.push({
      property,
      value: granted.accounts.join(", "),
      outcome: "leftOut",
      text: "there are no rights of single accounts here: with ExchangeUsers in permissionGroups every user who logs on may relay",
    });
  if (granted === undefined && hasOwnRights(object))
    findings.push({
      property,
      value: "not in the export",
      outcome: "leftOut",
      text: "PermissionGroups has Custom: somebody was given a right of his own, nearly always the right to relay; give the output of Get-ADPermission with -PermissionPath",
    });
  return findings;
}

function hasOwnRights(object: ExportedObject): boolean {
  const groups = object.get("permissiongroups")?.value;
  return /\bcustom\b/i.test(textOf(groups)) || (typeof groups === "number" && (groups & 32) !== 0);
}

function toDo(
  object: ExportedObject,
  name: string,
  settings: Readonly<Record<string, Plain>>,
  granted: GrantedRights | undefined,
): readonly ToDo[] {
  const has = (setting: string, word: string): boolean => {
    const value = settings[setting] ?? withUsagePresets({ name })[setting];
    return Array.isArray(value) && value.includes(word);
  };
  const set = (...words: readonly string[]): string => commandText("Set-ReceiveConnector", name, ...words);
  const lines: ToDo[] = [];
  const ranges = object.get("remoteipranges");
  if (ranges?.lost === "cut")
    lines.push({
      text: `${name}: RemoteIPRanges was cut in the export, so clients are missing. Export it again, or add them:`,
      command: set("-RemoteIPRanges", "@{Add='ADDRESS'}"),
    });
  if (granted === undefined && hasOwnRights(object))
    lines.push({
      text: `${name}: if its clients may send to any recipient without logging on:`,
      command: set("-AnonymousRelay", "true"),
    });
  if (textOf(object.get("tlscertificatename")?.value) !== "")
    lines.push({
      text: `${name}: export the certificate with its key, as PEM files, then:`,
      command: set("-TlsCertificateFile", "FILE", "-TlsKeyFile", "FILE"),
    });
  if (has("permissionGroups", "ExchangeUsers") && has("authMechanism", "BasicAuth"))
    lines.push({
      text: "Accounts of Active Directory do not come along; make a user here for each that logs on:",
      command: commandText("New-User", "NAME"),
    });
  return lines;
}
