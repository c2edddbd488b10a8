/** What the handlers work on. */
import type { LiveConfiguration } from "../config/live-configuration.ts";
import type { Clock } from "../ports/ports.ts";
import type { Relay } from "../relay-contract.ts";
import type { AdminTokens } from "./admin-tokens.ts";
import type { Caller } from "./caller.ts";
import type { RecordsOfNodes } from "./records-of-nodes.ts";
import type { OctetsName, OperationName, Output, ReadInput, StreamName } from "./contract.ts";

/** How the process is ended. */
export interface Stopping {
  readonly ask: (reason: string) => void;
  /** What sessions and deliveries get to end. */
  readonly graceMs: number;
}

export interface Administered {
  readonly relay: Omit<Relay, "start" | "stop" | "reconfigure">;
  /** Undefined for an embedded relay without a file: it can be looked at, not changed. */
  readonly configuration: LiveConfiguration | undefined;
  /** Who may use the console. */
  readonly tokens: AdminTokens;
  /** Undefined where an application holds the relay. */
  readonly stopping: Stopping | undefined;
  readonly clock: Clock;
  readonly startedAt: Date;
}

export type CallName = Exclude<OperationName, StreamName | OctetsName>;

/** Who asks, and until when. */
export interface Asked {
  readonly caller: Caller;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Of several nodes, where all of them are asked about. */
  readonly recordsOfNodes?: RecordsOfNodes;
}

/** Throws AdminRefusal for what is not done. */
export type Handler<Name extends CallName> = (
  input: ReadInput<Name>,
  asked: Asked,
) => Output<Name> | Promise<Output<Name>>;

/** Hands each item to `push` until what it returns is called. */
export type StreamHandler<Name extends StreamName> = (
  input: ReadInput<Name>,
  push: (item: Output<Name>) => void,
  asked: Asked,
) => () => void;

export interface Octets {
  readonly fileName: string;
  /** Where it is known beforehand. */
  readonly sizeBytes?: number;
  /** In place of those that make it a file to save. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Throws AdminRefusal for what is not there. */
export type OctetsHandler<Name extends OctetsName> = (
  input: ReadInput<Name>,
  asked: Asked,
) => Octets | Promise<Octets>;

export type Handlers = { readonly [Name in CallName]: Handler<Name> } & {
  readonly [Name in StreamName]: StreamHandler<Name>;
} & { readonly [Name in OctetsName]: OctetsHandler<Name> };
