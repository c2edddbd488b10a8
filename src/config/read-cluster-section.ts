/** How a node finds the database, from its file, of which nothing else is read: the rest may stand in the database. */
import { dirname, resolve } from "node:path";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { ClusterSettings } from "../core/policy/cluster-settings.ts";
import { clusterSchema, readCluster } from "./cluster-schema.ts";
import { type Fault, Findings } from "./fault.ts";
import { filePlace } from "./file-place.ts";
import { readPiece } from "./issues.ts";
import { isSection } from "./section.ts";
import { readYaml } from "./yaml-source.ts";

/** Undefined: there is no such section, or the text is none that can be read. Faults are those of the section. */
export function readClusterSection(
  text: string,
  file: string,
): { readonly cluster: ClusterSettings | undefined; readonly faults: readonly Fault[] } {
  const source = text.includes("cluster") ? readYaml(text) : undefined;
  const side = source?.ok === true ? source : source?.rest;
  const section = isSection(side?.value) ? side.value["cluster"] : undefined;
  if (side === undefined || section === undefined || section === null)
    return { cluster: undefined, faults: [] };
  const findings = new Findings(side.locate);
  const { value } = readPiece(clusterSchema, section, ["cluster"], findings);
  const folder = dirname(resolve(file));
  const absolute = (path: string): string => filePlace(path, folder);
  const cluster =
    value &&
    readCluster(
      value,
      { absolute, host: hostname() },
      { env: process.env, readText: (path) => readFileSync(absolute(path), "utf8") },
      findings,
    );
  const { faults } = findings;
  return { cluster: faults.length === 0 ? cluster : undefined, faults };
}
