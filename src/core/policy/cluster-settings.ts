/** How a node finds the database that several nodes share: the section `cluster`. */

import type { DurabilityBy } from "./database-durability.ts";

export interface DatabaseHost {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
}

export interface DatabaseSettings {
  /** In the order to try; the first that takes writes is used. */
  readonly hosts: readonly DatabaseHost[];
  readonly name: string;
  readonly user: string;
  /** Absolute; its first line, read at each connection. Undefined: none is given. */
  readonly passwordFile: string | undefined;
  readonly schema: string;
  /** By what mail is safe in it; default: a synchronous standby. */
  readonly durability?: DurabilityBy;
  /** Undefined: in clear text. `ca`: certificates in PEM; undefined: the system's. */
  readonly tls: { readonly ca: readonly string[] | undefined } | undefined;
}

export interface ClusterSettings {
  /** Of this node, unique among those that live. */
  readonly node: string;
  readonly database: DatabaseSettings;
  /** Milliseconds: a node that has not been heard of for so long is taken for dead. */
  readonly leaseMs: number;
  /** Milliseconds from the suspension of a node to the closing of its door. */
  readonly drainDelayMs: number;
  /** Milliseconds for which it is shown behind its end. */
  readonly forgetAfterMs: number;
}
