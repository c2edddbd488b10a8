/** What the handlers work on. */
import type { LiveConfiguration } from "../config/live-configuration.ts";
import type { Clock } from "../ports/ports.ts";
import type { Relay } from "../relay.ts";
import type { AdminTokens } from "./admin-tokens.ts";
import type { OperationName, Output, ReadInput, StreamName } from "./contract.ts";

export interface Administered {
  readonly relay: Omit<Relay, "start" | "stop" | "reconfigure">;
  /** Undefined for an embedded relay without a file: it can be looked at, not changed. */
  readonly configuration: LiveConfiguration | undefined;
  /** Who may use the console. */
  readonly tokens: AdminTokens;
  readonly clock: Clock;
  readonly startedAt: Date;
}

export type CallName = Exclude<OperationName, StreamName>;

/** Throws AdminRefusal for what is not done. */
export type Handler<Name extends CallName> = (input: ReadInput<Name>) => Output<Name> | Promise<Output<Name>>;

/** Hands each item to `push` until what it returns is called. */
export type StreamHandler<Name extends StreamName> = (
  input: ReadInput<Name>,
  push: (item: Output<Name>) => void,
) => () => void;

export type Handlers = { readonly [Name in CallName]: Handler<Name> } & {
  readonly [Name in StreamName]: StreamHandler<Name>;
};
