/** A Receive connector of Exchange 2010 to SE, exported, as one here. */
import { receiveConnectorFacts } from "../../generated/setting-facts.ts";
import { withUsagePresets } from "../../receive-connector.ts";
import { receiveConnectorSchema } from "../../receive-connector-schema.ts";
import type { Plain } from "../../edit-value.ts";
import { type ExportedObject, itemsOf, textOf } from "../exported/exported-value.ts";
import { commandText, type Finding, type ImportedPart, type ToDo } from "../finding.ts";
import { carrySettings } from "./carry-settings.ts";
import { type ConnectorRights, type GrantedRights, relayRight, rightsOn } from "./permissions.ts";
import { receiveSpecial, transportRole } from "./receive-specials.ts";

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
    special: (setting, property, value) => receiveSpecial(setting, property, value, object, server),
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
