/** All checks, one beside the other. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { connectAdmin, NoRelayError } from "../../admin/client.ts";
import { parseConfig } from "../../config/parse-config.ts";
import { meantRelay } from "../data-directory.ts";
import { configuration, formats, permissions } from "./checks/configuration.ts";
import { flushing, freeSpace, mountType } from "./checks/disk.ts";
import { certificates, credentials } from "./checks/expiry.ts";
import { names, ports } from "./checks/network.ts";
import { running, use } from "./checks/running.ts";
import { clock, descriptors, node } from "./checks/system.ts";
import type { Check, Patient } from "./context.ts";
import { levels, type Finding } from "./finding.ts";

/** In the order of the answer, within a level. */
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
  certificates,
  credentials,
  node,
  use,
];

/** Rejects with CommandFault where there is no configuration. */
export async function patientOf(config: string | undefined): Promise<Patient> {
  const { configFile, dataDirectory } = await meantRelay(config);
  const file = resolve(configFile);
  const parsed = parseConfig(await readFile(file, "utf8"), { file });
  let relay: Patient["relay"];
  let isDenied = false;
  try {
    const client = await connectAdmin({ dataDirectory });
    relay = { client, about: await client.call("about", {}) };
  } catch (fault) {
    if (!(fault instanceof NoRelayError)) throw fault;
    isDenied = fault.isDenied;
  }
  const settings = parsed.ok ? parsed.settings : undefined;
  return { configFile: file, dataDirectory, parsed, settings, relay, isDenied, now: new Date() };
}

/** The worst first. A check that cannot be made is a finding. */
export async function examine(patient: Patient): Promise<readonly Finding[]> {
  const found = await Promise.all(
    checks.map(async (check): Promise<readonly Finding[]> => {
      try {
        return await check(patient);
      } catch (fault) {
        const reason = fault instanceof Error ? fault.message : String(fault);
        return [
          { check: check.name, level: "note", code: "unknown", text: `it could not be looked at: ${reason}` },
        ];
      }
    }),
  );
  return found.flat().toSorted((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level));
}
