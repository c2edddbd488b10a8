/** Import-PostfixConfiguration. */
import { accessSync, constants } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { readMainCf } from "../../../config/import/postfix/main-cf.ts";
import { importPostfix } from "../../../config/import/postfix/import-postfix.ts";
import { saslAccount } from "../../../config/import/postfix/sasl-account.ts";
import type { PostfixFiles } from "../../../config/import/postfix/tables.ts";
import { isOn, listOf, textOf } from "../../arguments/value.ts";
import type { Run } from "../../cmdlet.ts";
import { configurationTarget } from "../../configuration-target.ts";
import { meantRelay } from "../../data-directory.ts";
import { CommandFault } from "../../exit-code.ts";
import { importParts } from "./import-parts.ts";
import { readImportFile, readImportFileIfThere } from "./read-import-file.ts";

export const importPostfixConfiguration: Run = async (args, context) => {
  const path = textOf(args, "Path") ?? "/etc/postfix";
  const mainFile = (await isFolder(path)) ? join(path, "main.cf") : path;
  const folder = dirname(mainFile);
  const mainCf = await readImportFile(mainFile);
  if (readMainCf(mainCf).parameters.size === 0)
    throw new CommandFault(`${mainFile} is no main.cf: it has no line of the form name = value`);
  const masterCf = await readImportFileIfThere(join(folder, "master.cf"));
  const files = await filesBeside(folder, `${mainCf}\n${masterCf ?? ""}`);
  const target = await configurationTarget(context);
  const passwordFile = await passwordFileFor(
    args,
    mainCf,
    files,
    (await meantRelay(context.config)).configFile,
  );
  const parts = importPostfix({
    mainCf,
    masterCf,
    files,
    isReadable,
    known: target.acceptedDomains,
    smartHosts: listOf(args, "SmartHosts"),
    passwordFile,
  });
  return importParts(parts, target, args, context);
};

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

const mostFiles = 100;

/** Tables and lists that are named, by their names: copied with main.cf, they lie in its folder. */
async function filesBeside(folder: string, text: string): Promise<PostfixFiles> {
  const paths = new Set(Array.from(text.matchAll(/(?<![\w.])(\/[\w@./-]+)/g), ([, path = ""]) => path));
  const files = new Map<string, string>();
  for (const path of [...paths].slice(0, mostFiles)) {
    const name = basename(path);
    if (/\.(?:db|pem|crt|key|so)$/.test(name) || ["main.cf", "master.cf"].includes(name)) continue;
    // What cannot be read is told where it is needed.
    const content = await readImportFileIfThere(join(folder, name)).catch(() => undefined);
    if (content !== undefined) files.set(path, content);
  }
  return files;
}

/** Writes the next hop's password there, unless the file is there already. Undefined: no file. */
async function passwordFileFor(
  args: Parameters<Run>[0],
  mainCf: string,
  files: PostfixFiles,
  configFile: string,
): Promise<string | undefined> {
  const given = textOf(args, "PasswordFile");
  if (given === undefined) return undefined;
  const file = resolve(dirname(configFile), given);
  if (isReadable(file)) return given;
  if (isOn(args, "WhatIf")) return undefined;
  const main = readMainCf(mainCf);
  const account = saslAccount(main.value("smtp_sasl_password_maps"), main.value("relayhost") ?? "", files);
  if (account.kind !== "found")
    throw new CommandFault(
      `there is no ${file}, and the password of relayhost is not in smtp_sasl_password_maps, or cannot be read beside main.cf`,
    );
  try {
    await writeFile(file, `${account.password}\n`, { mode: 0o600, flag: "wx" });
  } catch (fault) {
    throw new CommandFault(
      `${file} cannot be written: ${fault instanceof Error ? fault.message : String(fault)}`,
    );
  }
  return given;
}
