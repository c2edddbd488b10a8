/** Reads the section `dkimKeys`, and the files that it names. */
import { partsOfKeyName } from "../core/dkim/choose-keys.ts";
import type { DkimKey } from "../dkim/dkim-settings.ts";
import { readSigningKey } from "../dkim/signing-key.ts";
import { dkimKeySchema } from "./configuration-schema.ts";
import { checkUniqueNames } from "./connector-conflicts.ts";
import type { Findings, Path } from "./fault.ts";
import { type HomeOf, readPiece } from "./issues.ts";

interface Files {
  readonly absolute: (file: string) => string;
  /** Throws when it cannot be read. */
  readonly readText: (file: string) => string;
}

/** The keys without faults; all faults go to the findings. */
export function readDkimKeys(
  list: readonly unknown[],
  files: Files,
  homeOf: HomeOf,
  findings: Findings,
): readonly DkimKey[] {
  const keys = list.map((raw, index) => readKey(raw, ["dkimKeys", index], files, homeOf, findings));
  checkUniqueNames(list, ["dkimKeys"], findings);
  return keys.filter((key) => key !== undefined);
}

function readKey(
  raw: unknown,
  path: Path,
  { absolute, readText }: Files,
  homeOf: HomeOf,
  findings: Findings,
): DkimKey | undefined {
  const given = readPiece(dkimKeySchema, raw, path, findings, homeOf).value;
  if (given === undefined) return undefined;
  const parts = partsOfKeyName(given.name);
  if (parts === undefined) {
    findings.fault(
      [...path, "name"],
      "is no name of a key; write it as DNS has it, such as w202611._domainkey.contoso.com",
    );
  }
  const keyFile = absolute(given.keyFile);
  try {
    const key = readSigningKey(readText(keyFile));
    return parts && { name: given.name.toLowerCase(), ...parts, state: given.state, keyFile, key };
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code !== undefined;
    const { message } = error as Error;
    findings.fault(
      [...path, "keyFile"],
      isMissing ? `${keyFile} cannot be read: ${message}` : `${keyFile}: ${message}`,
    );
    return undefined;
  }
}
