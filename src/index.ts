/** Weir as a library: a relay inside your own program or test. See docs/embedding.md. */
import { parseConfig, parseConfigValue } from "./config/parse-config.ts";
import type { Fault } from "./config/fault.ts";
import type { Ports } from "./ports/ports.ts";
import { createRelay as relayFromSettings, type Relay } from "./relay.ts";

export type { Fault } from "./config/fault.ts";
export type { Settings } from "./config/settings.ts";
export type { EventRecord } from "./events/events.ts";
export type { Clock, Dial, Dns, Ports, Random, Timer } from "./ports/ports.ts";
export type { Relay } from "./relay.ts";
export { SpoolError } from "./spool/spool.ts";
export { version } from "./version.ts";

/** The configuration has faults; nothing was started. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(`the configuration has ${faults.length} faults: ${faults.map(describe).join("; ")}`);
    this.faults = faults;
  }
}

/**
 * Makes a relay from a configuration with the names of `weir.yaml`, as an object or as YAML text. Relative paths
 * are relative to the working directory. Nothing listens before `start()`. Rejects with ConfigurationError or
 * SpoolError.
 */
export async function createRelay(config: object | string, ports: Partial<Ports> = {}): Promise<Relay> {
  const surroundings = { file: "weir.yaml" };
  const parsed =
    typeof config === "string" ? parseConfig(config, surroundings) : parseConfigValue(config, surroundings);
  if (!parsed.ok) throw new ConfigurationError(parsed.faults);
  return relayFromSettings(parsed.settings, ports);
}

function describe({ path, message, suggestion }: Fault): string {
  return `${path}: ${message}${suggestion === undefined ? "" : `; did you mean ${suggestion}?`}`;
}
