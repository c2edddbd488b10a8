/** All checks, one beside the other. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { connectAdmin, NoRelayError } from "../../admin/client.ts";
import { parseShared } from "../../config/shared-configuration.ts";
import { usedConfiguration } from "../../config/used-configuration.ts";
import { asOwner, foreignOwnerOf } from "../../ports/as-owner.ts";
import { openConfiguration } from "../configuration-source.ts";
import { meantRelay } from "../data-directory.ts";
import { configuration, formats, permissions, readable } from "./checks/configuration.ts";
import { database } from "./checks/database.ts";
import { flushing, freeSpace, mountType } from "./checks/disk.ts";
import { certificates, credentials } from "./checks/expiry.ts";
import { names, ports } from "./checks/network.ts";
import { running, use } from "./checks/running.ts";
import { clock, descriptors, node } from "./checks/system.ts";
import type { Check, Patient } from "./context.ts";
import { levels, type Finding } from "./finding.ts";

/** Made as the relay's user, for that is who has to read what they read. In the order of the answer, within a level. */
const asRelay: readonly Check[] = [readable, certificates, database];
const checks: readonly Check[] = [
  configuration,
  running,
  formats,
  permissions,
  mountType,
  freeSpace,
  flushing,
  clock,
  descriptors,
  ports,
  names,
  credentials,
  node,
  use,
];

/** A person waits for it. */
const databasePatienceMs = 2_000;

/** Rejects with CommandFault where there is no configuration. A relay that is busy answers within `patienceMs`. */
export async function patientOf(config: string | undefined, patienceMs = 10_000): Promise<Patient> {
  const { configFile, dataDirectory } = await meantRelay(config);
  const file = resolve(configFile);
  const owner = await foreignOwnerOf(dataDirectory);
  const text = await readFile(file, "utf8");
  const read = await asOwner(owner, () => configurationOf(file, text, dataDirectory));
  let relay: Patient["relay"];
  let isDenied = false;
  let silentMs: number | undefined;
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const client = await connectAdmin({ dataDirectory });
    relay = { client, about: await client.call("about", {}, { signal }) };
  } catch (fault) {
    if (fault instanceof NoRelayError) isDenied = fault.isDenied;
    else if (signal.aborted) silentMs = patienceMs;
    else throw fault;
  }
  const asked = { relay, isDenied, silentMs };
  return { configFile: file, dataDirectory, ...read, ...asked, owner, now: new Date() };
}

/** Of a node, too, which has most of it in the database. */
async function configurationOf(
  file: string,
  text: string,
  dataDirectory: string,
): Promise<Pick<Patient, "parsed" | "place" | "sharedText" | "settings">> {
  try {
    const opened = await openConfiguration(file, databasePatienceMs);
    opened.close();
    const { store, written, parsed, shared, behind } = opened;
    const isShared = shared?.isWritten === true;
    return {
      parsed: behind === undefined ? parsed : { ok: false, faults: behind.faults },
      place: isShared ? store.place : file,
      sharedText: isShared ? written.text : undefined,
      settings: parsed.ok ? parsed.settings : undefined,
    };
  } catch {
    // The check of the database tells why.
    const last = await usedConfiguration(dataDirectory).last(text);
    const parsed = last && parseShared(last.text, text, { file });
    const settings = parsed?.ok === true ? parsed.settings : undefined;
    return { parsed: undefined, place: file, sharedText: last?.text, settings };
  }
}

/** The worst first. A check that cannot be made is a finding. */
export async function examine(patient: Patient): Promise<readonly Finding[]> {
  const made = (check: Check) => outcomeOf(check, patient);
  // Before the others: who a process acts as, all of it acts as.
  const first = await asOwner(patient.owner, () => Promise.all(asRelay.map(made)));
  const found = [...(await Promise.all(checks.map(made))), ...first];
  return found.flat().toSorted((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level));
}

async function outcomeOf(check: Check, patient: Patient): Promise<readonly Finding[]> {
  try {
    return await check(patient);
  } catch (fault) {
    const text = `it could not be looked at: ${fault instanceof Error ? fault.message : String(fault)}`;
    return [{ check: check.name, level: "note", code: "unknown", text }];
  }
}
