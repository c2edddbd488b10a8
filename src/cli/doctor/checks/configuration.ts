/** The configuration by itself, and who may read and write what it names. */
import { access, constants, open, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { namedFiles } from "../../../config/named-files.ts";
import { counted } from "../../../core/units/counted.ts";
import { checkDataFormats, FormatError } from "../../../formats/format-file.ts";
import { isMissing } from "../../../ports/file-fault.ts";
import { runsInContainer } from "../../../ports/mount.ts";
import type { Check } from "../context.ts";
import type { Finding } from "../finding.ts";

export const configuration: Check = async ({ parsed, place }) => {
  const check = "configuration";
  if (parsed === undefined)
    return [
      {
        check,
        level: "note",
        code: "configurationUnknown",
        text: "what the nodes have in common stands in the database, which cannot be asked",
      },
    ];
  if (!parsed.ok)
    return [
      {
        check,
        level: "bad",
        code: "configurationFaults",
        text: `${place} has ${counted(parsed.faults.length, "fault")}; the first: ${parsed.faults[0]?.path ?? ""} ${parsed.faults[0]?.message ?? ""}`,
        advice: "weir check tells all of them with their lines",
      },
    ];
  if (parsed.warnings.length === 0)
    return [{ check, level: "good", code: "configurationFine", text: `${place} has no fault` }];
  return parsed.warnings.map(({ path, message }) => ({
    check,
    level: "warning",
    code: "configurationWarning",
    text: `${path}: ${message}`,
    advice: `change it in ${place}`,
  }));
};

export const formats: Check = async ({ dataDirectory }) => {
  const check = "formats";
  try {
    await checkDataFormats(dataDirectory);
    return [
      { check, level: "good", code: "formatsFine", text: "this release reads what is in the data directory" },
    ];
  } catch (fault) {
    if (!(fault instanceof FormatError)) return [];
    return [
      {
        check,
        level: "bad",
        code: fault.isLater ? "formatsLater" : "formatsUnknown",
        text: fault.message,
        advice: fault.isLater
          ? "install the release it names, or restore a backup into another data directory"
          : "until then no relay starts there",
      },
    ];
  }
};

/** Asked as the user the relay runs as; access(2) would answer for root. */
export const readable: Check = async ({ configFile, owner }) => {
  try {
    await (await open(configFile)).close();
    return [];
  } catch (fault) {
    const check = "permissions";
    const text = `user ${owner?.uid ?? "of this command"}, whom the relay runs as, may not read ${configFile}: ${(fault as Error).message}`;
    const advice = `chown ${owner?.uid ?? "USER"} ${configFile}, or let its group read it; and let that user through the folders above`;
    return [{ check, level: "bad", code: "configurationUnreadable", text, advice }];
  }
};

/** On a line that is no comment; also within `{ }`. */
const secretSetting = /^\s*(?:[^#\s](?:.*[\s,{"'-])?)?["']?(?:password|clientSecret|bindPassword)["']?\s*:/;

/** A private key, also in a file with its certificate; else a certificate is for everybody. */
const privateKey = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;
const certificate = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/;

/** Of the files that a configuration names those with secrets that others than owner and group may read, or change. */
async function openSecrets(files: readonly string[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const path of files) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || !found.isFile() || (found.mode & 0o006) === 0) continue;
    // What everybody may read, this user may, unless a folder above is closed: then to everybody.
    const text = await readFile(path, "latin1").catch(() => undefined);
    if (text === undefined) continue;
    const isPublic = certificate.test(text) && !privateKey.test(text);
    if (isPublic && (found.mode & 0o002) === 0) continue;
    const [what, rights] = isPublic
      ? ["change", "o-w"]
      : [(found.mode & 0o002) === 0 ? "read" : "read or change", "o-rw"];
    findings.push({
      check: "permissions",
      level: "warning",
      code: "secretOpen",
      text: `everybody on this machine may ${what} ${path}${privateKey.test(text) ? ", a private key" : ""}`,
      advice: `chmod ${rights} ${path}, and let the user the relay runs as read it as its owner or by its group`,
    });
  }
  return findings;
}

export const permissions: Check = async ({ dataDirectory, configFile, settings }) => {
  const check = "permissions";
  const findings: Finding[] = [];
  const data = await stat(dataDirectory).catch(() => undefined);
  if (data === undefined)
    return [
      {
        check,
        level: "note",
        code: "dataMissing",
        text: `there is no ${dataDirectory}, or this user may not see it; the first start makes it`,
      },
    ];
  if (!data.isDirectory())
    return [
      {
        check,
        level: "bad",
        code: "dataNoDirectory",
        text: `${dataDirectory} is no directory, so no relay can start there`,
        advice: "move it away, or name another place in dataDirectory",
      },
    ];
  let mayLook = true;
  if (process.platform !== "win32") {
    for (const path of [dataDirectory, join(dataDirectory, "spool")]) {
      const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
        mayLook &&= isMissing(error);
        return undefined;
      });
      // The way to the socket, and no more.
      const lets = path === dataDirectory && settings?.admin.socketGroup !== undefined ? 0o010 : 0;
      if (found !== undefined && (found.mode & 0o077 & ~lets) !== 0)
        findings.push({
          check,
          level: "warning",
          code: "dataOpen",
          text: `others than its owner may look into ${path} (mode ${(found.mode & 0o777).toString(8)}): mail and keys are there`,
          advice: `chmod ${lets === 0 ? 700 : 710} ${path}`,
        });
      if (found !== undefined && found.uid !== data.uid)
        findings.push({
          check,
          level: "bad",
          code: "dataTwoOwners",
          text: `${path} belongs to user ${found.uid}, and ${dataDirectory} to user ${data.uid}: somebody started or restored it as another user`,
          advice: `chown -R ${data.uid}:${data.gid} ${dataDirectory}`,
        });
    }
    const text = await readFile(configFile, "utf8").catch(() => "");
    // Secrets that are mounted into a container are often 0444, and there is nobody else in it.
    if (!(await runsInContainer())) findings.push(...(await openSecrets(namedFiles(text, configFile))));
    const file = await stat(configFile).catch(() => undefined);
    const holdsSecrets = text.split("\n").some((line) => secretSetting.test(line));
    if (file !== undefined && (file.mode & 0o004) !== 0 && holdsSecrets)
      findings.push({
        check,
        level: "warning",
        code: "configurationReadable",
        text: `${configFile} holds passwords, and everybody on this machine may read it`,
        advice: `chmod o-r ${configFile}, or put them into files (passwordFile)`,
      });
  }
  const mayWrite = await access(dirname(configFile), constants.W_OK).then(
    () => true,
    () => false,
  );
  const isOwner = process.getuid === undefined || process.getuid() === data.uid;
  if (isOwner && !mayWrite)
    findings.push({
      check,
      level: "note",
      code: "configurationFixed",
      text: `${dirname(configFile)} cannot be written by this user: commands and the console cannot change the configuration`,
      advice: "make the folder writable for the user the relay runs as, or change the file by other means",
    });
  if (!mayLook)
    findings.push({
      check,
      level: "note",
      code: "permissionsUnknown",
      text: `this user may not look into ${dataDirectory}`,
      advice: "run weir doctor as the user the relay runs as, or as root",
    });
  if (findings.length === 0)
    findings.push({
      check,
      level: "good",
      code: "permissionsFine",
      text: "only its owner may look into the data directory",
    });
  return findings;
};
