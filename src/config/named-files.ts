/** The files and directories that a configuration names, for who takes them along. */
import { dirname, resolve } from "node:path";
import { filePlace } from "./file-place.ts";
import type { Settings } from "./settings.ts";
import { isSection } from "./section.ts";
import { readYaml } from "./yaml-source.ts";

/** Settings whose name ends so name a file, or a list of files, relative to the configuration file. */
const namesFile = /File$/;

/** Absolute, each once: keys, certificates and secrets. Of a text with faults, those that can be found. */
export function namedFiles(text: string, configurationFile: string): readonly string[] {
  const source = readYaml(text);
  const value = source.ok ? source.value : source.rest?.value;
  const folder = dirname(resolve(configurationFile));
  const files = new Set<string>();
  const look = (at: unknown): void => {
    if (Array.isArray(at)) for (const entry of at) look(entry);
    else if (isSection(at))
      for (const [name, setting] of Object.entries(at)) {
        if (!namesFile.test(name)) look(setting);
        else
          for (const file of Array.isArray(setting) ? (setting as readonly unknown[]) : [setting])
            if (typeof file === "string" && file !== "") files.add(filePlace(file, folder));
      }
  };
  look(value);
  return [...files];
}

/** Absolute: where other programs take mail, or leave some. What lies there is theirs. */
export function handedOverDirectories({ sendConnectors, transport }: Settings): readonly string[] {
  const drops = sendConnectors.flatMap((connector) =>
    connector.kind === "drop" ? [connector.dropDirectory] : [],
  );
  const { pickupDirectoryPath, replayDirectoryPath } = transport;
  return [...drops, pickupDirectoryPath, replayDirectoryPath].filter((it) => it !== undefined);
}

/**
 * Of those that are named the ones that are read with the configuration: secrets, keys of DKIM and of send connectors. Whoever
 * listens with TLS reads its certificates by itself.
 */
export function filesReadWith(named: readonly string[], settings: Settings): readonly string[] {
  const { receiveConnectors, admin, metrics } = settings;
  const presented = new Set(
    [...receiveConnectors, admin.tls, metrics.tls].flatMap((tls) =>
      tls === undefined ? [] : [...tls.tlsCertificateFile, ...tls.tlsKeyFile],
    ),
  );
  return named.filter((file) => !presented.has(file));
}
