/** Weir as a library: a relay inside your own program or test. See docs/embedding.md. */
import type { Admin } from "./admin/open-admin.ts";
import { parseConfig, parseConfigValue } from "./config/parse-config.ts";
import type { Fault } from "./config/fault.ts";
import type { Ports } from "./ports/ports.ts";
import { createRelay as relayFromSettings } from "./relay.ts";
import type { Relay } from "./relay-contract.ts";

export type { Fault } from "./config/fault.ts";
export type { Settings } from "./config/settings.ts";
export type { EventRecord } from "./events/events.ts";
export type { Clock, Dial, Dns, Ports, Random, Timer } from "./ports/ports.ts";
export type { Relay } from "./relay-contract.ts";
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

export interface RelayOptions {
  /**
   * Opens the admin API on the socket of the data directory with `start()`, so that `weir` commands can look at this
   * relay. They cannot change it: its configuration is this program's, not a file's. Default false.
   */
  readonly admin?: boolean;
}

/**
 * Makes a relay from a configuration with the names of `weir.yaml`, as an object or as YAML text. Relative paths
 * are relative to the working directory. Nothing listens before `start()`. Rejects with ConfigurationError or
 * SpoolError.
 */
export async function createRelay(
  config: object | string,
  ports: Partial<Ports> = {},
  { admin = false }: RelayOptions = {},
): Promise<Relay> {
  const surroundings = { file: "weir.yaml" };
  const parsed =
    typeof config === "string" ? parseConfig(config, surroundings) : parseConfigValue(config, surroundings);
  if (!parsed.ok) throw new ConfigurationError(parsed.faults);
  const relay = await relayFromSettings(parsed.settings, ports);
  return admin ? withAdmin(relay, ports) : relay;
}

/** The relay with its admin API opened behind its start and closed before its stop. */
function withAdmin(relay: Relay, { clock }: Partial<Ports>): Relay {
  let opened: Admin | undefined;
  const overrides: Pick<Relay, "start" | "stop"> = {
    async start() {
      await relay.start();
      const { openAdmin } = await import("./admin/open-admin.ts");
      opened = await openAdmin({ relay, ...(clock === undefined ? {} : { clock }) });
    },
    async stop(reason, graceMs) {
      await opened?.close();
      await relay.stop(reason, graceMs);
    },
  };
  return Object.assign(Object.create(relay) as Relay, overrides);
}

function describe({ path, message, suggestion }: Fault): string {
  return `${path}: ${message}${suggestion === undefined ? "" : `; did you mean ${suggestion}?`}`;
}
