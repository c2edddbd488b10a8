/** Import-IisSmtp. */
import { importIisSmtp } from "../../../config/import/iis/import-iis-smtp.ts";
import { smtpServers } from "../../../config/import/iis/metabase.ts";
import { readXml } from "../../../config/import/xml-tree.ts";
import { listOf, textOf } from "../../arguments/value.ts";
import type { Run } from "../../cmdlet.ts";
import { configurationTarget } from "../../configuration-target.ts";
import { CommandFault } from "../../exit-code.ts";
import { importParts } from "./import-parts.ts";
import { readImportFile } from "./read-import-file.ts";

export const importIisSmtpService: Run = async (args, context) => {
  const path = textOf(args, "Path") ?? "-";
  const root = await readXml(await readImportFile(path));
  if (!root.ok) throw new CommandFault(`${path} ${root.message}`);
  const servers = smtpServers(root.value);
  if (servers.length === 0)
    throw new CommandFault(
      `${path} has no SMTP virtual server (IIsSmtpServer); IIS keeps it in C:\\Windows\\System32\\inetsrv\\MetaBase.xml`,
    );
  const target = await configurationTarget(context);
  const parts = importIisSmtp(servers, {
    relayRanges: listOf(args, "RemoteIPRanges"),
    smartHosts: listOf(args, "SmartHosts"),
    known: target.acceptedDomains,
  });
  return importParts(parts, target, args, context);
};
