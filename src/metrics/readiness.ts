/** Whether the relay takes mail now, and why not: what `/readyz` answers. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Endpoint } from "../core/policy/receive-connector.ts";
import { counted } from "../core/units/counted.ts";
import { formatEndpoint } from "../core/units/endpoint.ts";
import type { BackPressure } from "../core/policy/back-pressure.ts";
import type { Clock } from "../ports/ports.ts";

export interface Readiness {
  readonly ready: boolean;
  /** Whole sentences without their full stop; empty when ready. */
  readonly reasons: readonly string[];
  /** What does not work though mail is taken: listeners that could not be opened, a database that may lose mail, a file with faults; as in `reasons`. */
  readonly warnings: readonly string[];
  readonly checks: {
    readonly state: RelayState;
    /** `suspended`: by an administrator; it takes no new mail and delivers what waits. */
    readonly service: "active" | "suspended";
    /** Of several: `draining`, an administrator suspended it. Null: it is the only one. */
    readonly node: "active" | "draining" | null;
    /** Listening endpoints for mail. */
    readonly listeners: number;
    readonly spool: "writable" | "not writable";
    readonly backPressure: BackPressure["level"];
    /** `rejected`: a later version has faults, and the one before holds. */
    readonly configuration: "applied" | "rejected";
  };
}

export type RelayState = "starting" | "running" | "stopping" | "stopped";

/** What is asked at each look. */
export interface Watched {
  readonly state: RelayState;
  readonly listeners: number;
  readonly failedListeners: readonly FailedEndpoint[];
  /** By an administrator: no new mail is taken. */
  readonly suspended: { readonly since: string } | undefined;
  /** One of several nodes, and suspended since then; why mail is not safe in their database. Undefined: no node. */
  readonly node:
    | {
        readonly drainingSince: Date | undefined;
        readonly outdated?: string | undefined;
        readonly databaseFaults: readonly string[];
      }
    | undefined;
  /** Messages that wait. */
  readonly queued: number;
  /** Why the spool takes nothing, as far as it knows by itself. */
  readonly spoolFault: string | undefined;
  readonly pressure: BackPressure;
  readonly configurationRejected: boolean;
}

interface FailedEndpoint {
  readonly endpoint: Endpoint;
  readonly connectors: readonly string[];
  readonly error: Error;
}

export interface ReadinessCheck {
  /** Never rejects. Cost: a small file is written and removed, at most once in two seconds. */
  look(watched: Watched): Promise<Readiness>;
}

const probeMs = 2_000;

export function createReadinessCheck(directory: string, clock: Clock): ReadinessCheck {
  const probe = join(directory, ".writable");
  let fault: Promise<string | undefined> | undefined;
  let probedAt = 0;

  const spoolFault = (): Promise<string | undefined> => {
    if (fault !== undefined && clock.now() - probedAt < probeMs) return fault;
    probedAt = clock.now();
    fault = tryToWrite(probe);
    return fault;
  };

  return {
    async look(watched) {
      const { state, listeners, suspended, node, failedListeners, pressure } = watched;
      const cannotWrite = watched.spoolFault ?? (await spoolFault());
      const reasons: string[] = [];
      if (state !== "running") reasons.push(`the relay is ${state}`);
      else if (listeners === 0) reasons.push("no listener for mail is open");
      if (suspended !== undefined) reasons.push(suspendedText(suspended.since, watched.queued));
      if (node?.outdated !== undefined) reasons.push(`the node drains: ${node.outdated}`);
      else if (node?.drainingSince !== undefined) reasons.push(drainingText(node.drainingSince));
      if (cannotWrite !== undefined) reasons.push(`the spool cannot be written: ${cannotWrite}`);
      if (pressure.level === "High") reasons.push(`back pressure is High: ${pressedBy(pressure)}`);
      return {
        ready: reasons.length === 0,
        reasons,
        // Who holds a port is nobody's business who may ask this.
        warnings: [
          ...failedListeners.map(
            ({ endpoint, connectors, error }) =>
              `not listening on ${formatEndpoint(endpoint)} for ${connectors.join(", ")}: ${error.message}`,
          ),
          ...(node?.databaseFaults ?? []),
          ...(watched.configurationRejected
            ? ["the configuration file has faults; what held before it was changed still holds"]
            : []),
        ],
        checks: {
          state,
          service: suspended === undefined ? "active" : "suspended",
          node: node === undefined ? null : node.drainingSince === undefined ? "active" : "draining",
          listeners,
          spool: cannotWrite === undefined ? "writable" : "not writable",
          backPressure: pressure.level,
          configuration: watched.configurationRejected ? "rejected" : "applied",
        },
      };
    },
  };
}

/** Who did it is nobody's business who may ask this. */
function suspendedText(since: string, queued: number): string {
  const left = queued === 0 ? "nothing waits any more" : counted(queued, "message waits", "messages wait");
  return `the service is suspended since ${since}: it takes no new mail, and ${left} (Resume-Service ends that)`;
}

function drainingText(since: Date): string {
  return `the node is draining since ${since.toISOString()}: it takes no new mail, and others take what waits (Resume-Node ends that)`;
}

function pressedBy({ resources }: BackPressure): string {
  return resources
    .filter(({ level }) => level === "High")
    .map(({ resource, current }) => `${resource} is at ${Math.round(current * 10) / 10}`)
    .join(", ");
}

async function tryToWrite(file: string): Promise<string | undefined> {
  try {
    // As large as a block: a full disk has no room for it.
    await writeFile(file, Buffer.alloc(4096), { mode: 0o600 });
    await rm(file);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
