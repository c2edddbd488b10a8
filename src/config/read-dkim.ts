/** Reads the section `dkim`, and the keys that it names. */
import type { DkimKey, DkimSettings } from "../dkim/dkim-settings.ts";
import { readSigningKey } from "../dkim/signing-key.ts";
import { dkimKeySchema, dkimSchema } from "./configuration-schema.ts";
import type { Findings, Path } from "./fault.ts";
import { type HomeOf, readPiece } from "./issues.ts";
import { isSection } from "./section.ts";

interface Files {
  readonly absolute: (file: string) => string;
  /** Throws when it cannot be read. */
  readonly readText: (file: string) => string;
}

/** Undefined with a fault told. */
export function readDkim(
  raw: unknown,
  files: Files,
  homeOf: HomeOf,
  findings: Findings,
): DkimSettings | undefined {
  const section = isSection(raw) ? raw : {};
  // The keys one by one, so that each tells all that is wrong with it.
  const list = Array.isArray(section["keys"]) ? (section["keys"] as readonly unknown[]) : undefined;
  const rest = list === undefined ? (raw ?? {}) : { ...section, keys: [] };
  const settings = readPiece(dkimSchema, rest, ["dkim"], findings, homeOf).value;
  const keys = (list ?? []).map((one, index) =>
    readKey(one, ["dkim", "keys", index], files, homeOf, findings),
  );
  const named = new Set<string>();
  for (const [index, key] of keys.entries()) {
    if (key === undefined) continue;
    const name = `${key.selector}._domainkey.${key.domain}`;
    if (named.has(name)) findings.fault(["dkim", "keys", index, "selector"], `${name} is there already`);
    named.add(name);
  }
  return settings && { ...settings, keys: keys.filter((key) => key !== undefined) };
}

/** A label of a domain name, or several (RFC 6376 §3.1). */
const selectorPattern = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/iu;

function readKey(
  raw: unknown,
  path: Path,
  { absolute, readText }: Files,
  homeOf: HomeOf,
  findings: Findings,
): DkimKey | undefined {
  const given = readPiece(dkimKeySchema, raw, path, findings, homeOf).value;
  if (given === undefined) return undefined;
  const selector = given.selector.toLowerCase();
  const keyFile = absolute(given.keyFile);
  if (!selectorPattern.test(selector))
    findings.fault([...path, "selector"], "is no selector: letters, digits, hyphens, and dots between them");
  let pem: string;
  try {
    pem = readText(keyFile);
  } catch (error) {
    findings.fault([...path, "keyFile"], `${keyFile} cannot be read: ${(error as Error).message}`);
    return undefined;
  }
  try {
    return { domain: given.domain, selector, state: given.state, keyFile, key: readSigningKey(pem) };
  } catch (error) {
    findings.fault([...path, "keyFile"], `${keyFile}: ${(error as Error).message}`);
    return undefined;
  }
}
