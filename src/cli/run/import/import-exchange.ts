/** Import-ReceiveConnector, Import-SendConnector, Import-AcceptedDomain. */
import { importAcceptedDomains } from "../../../config/import/exchange/accepted-domains.ts";
import { readPermissions, type ConnectorRights } from "../../../config/import/exchange/permissions.ts";
import { importReceiveConnector } from "../../../config/import/exchange/receive-connector.ts";
import { importSendConnector } from "../../../config/import/exchange/send-connector.ts";
import { readExport, type ExportForm } from "../../../config/import/exported/read-export.ts";
import {
  type ExportedObject,
  textOf as exportedText,
} from "../../../config/import/exported/exported-value.ts";
import { escapeControls } from "../../../core/units/escape-controls.ts";
import { isOn, listOf, textOf, type Arguments } from "../../arguments/value.ts";
import type { Run } from "../../cmdlet.ts";
import { configurationTarget } from "../../configuration-target.ts";
import { CommandFault } from "../../exit-code.ts";
import { wildcard } from "../../wildcard.ts";
import { importParts } from "./import-parts.ts";
import { readImportFile } from "./read-import-file.ts";

export const importReceiveConnectors: Run = async (args, context) => {
  const path = pathOf(args);
  const { objects } = await exportedObjects(path, "Get-ReceiveConnector", ["bindings", "remoteipranges"]);
  const permissionPath = textOf(args, "PermissionPath");
  const permissions = permissionPath === undefined ? undefined : await permissionsIn(permissionPath);
  const wanted = chosen(objects, args);
  const parts = wanted.map((object) =>
    importReceiveConnector(object, {
      permissions,
      isOnly: objects.length === 1,
      all: isOn(args, "All"),
    }),
  );
  return importParts(parts, await configurationTarget(context), args, context);
};

export const importSendConnectors: Run = async (args, context) => {
  const { objects } = await exportedObjects(pathOf(args), "Get-SendConnector", ["addressspaces"]);
  const parts = chosen(objects, args).map((object) =>
    importSendConnector(object, {
      smartHosts: listOf(args, "SmartHosts"),
      passwordFile: textOf(args, "PasswordFile"),
      userName: textOf(args, "UserName"),
    }),
  );
  return importParts(parts, await configurationTarget(context), args, context);
};

export const importAcceptedDomain: Run = async (args, context) => {
  const { objects } = await exportedObjects(pathOf(args), "Get-AcceptedDomain", ["domainname"]);
  const target = await configurationTarget(context);
  return importParts([importAcceptedDomains(objects, target.acceptedDomains)], target, args, context);
};

function pathOf(args: Arguments): string {
  return textOf(args, "Path") ?? "-";
}

/** Refuses an export of something else: none of its objects has one of the properties. */
async function exportedObjects(
  path: string,
  cmdlet: string,
  properties: readonly string[],
): Promise<{ readonly form: ExportForm; readonly objects: readonly ExportedObject[] }> {
  const read = await readExport(await readImportFile(path));
  if (!read.ok) throw new CommandFault(`${path} ${read.message}`);
  const { form, objects } = read.value;
  if (objects.some((object) => properties.some((property) => object.has(property))) && form !== "table")
    return read.value;
  throw new CommandFault(
    form === "table"
      ? `${path} is a table, which leaves out most properties; write it with: ${cmdlet} | Format-List`
      : `${path} is no output of ${cmdlet}: nothing in it has ${properties.map(spelled).join(" or ")}`,
  );
}

const spellings: Readonly<Record<string, string>> = {
  bindings: "Bindings",
  remoteipranges: "RemoteIPRanges",
  addressspaces: "AddressSpaces",
  domainname: "DomainName",
};
const spelled = (property: string): string => spellings[property] ?? property;

async function permissionsIn(path: string): Promise<readonly ConnectorRights[]> {
  const read = await readExport(await readImportFile(path));
  const permissions = read.ok ? readPermissions(read.value.objects) : read;
  if (!permissions.ok) throw new CommandFault(`${path} ${permissions.message}`);
  return permissions.value;
}

/** By -Name and -Server, where they are given. */
function chosen(objects: readonly ExportedObject[], args: Arguments): readonly ExportedObject[] {
  const name = textOf(args, "Name");
  const server = textOf(args, "Server");
  const property = (object: ExportedObject, key: string): string => exportedText(object.get(key)?.value);
  const fitting = objects.filter((object) => {
    const identity = property(object, "identity");
    const cut = identity.lastIndexOf("\\");
    const own = property(object, "name") || identity.slice(cut + 1);
    const at = property(object, "server") || identity.slice(0, Math.max(0, cut));
    return fits(name, own) && fits(server, at);
  });
  if (fitting.length > 0) return fitting;
  const names = objects.map((object) => property(object, "identity") || property(object, "name"));
  throw new CommandFault(
    `none of the connectors fits; there are ${escapeControls(names.slice(0, 20).join(", "))}`,
  );
}

function fits(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return true;
  const matches = wildcard(pattern);
  return matches === undefined ? text.toLowerCase() === pattern.toLowerCase() : matches(text);
}
