/** A special bench: what it needs and what it hands back. */
import type { PeerKind } from "../peers/peer.ts";

export interface RunOptions {
  /** Its own and empty. */
  readonly folder: string;
  /** Of a light reading. */
  readonly messages: number;
  readonly rounds: number;
  /** In which the variants of Weir are compared. */
  readonly turns: number;
  /** Depths of the backlog. */
  readonly queued: readonly number[];
  /** Idle ones. */
  readonly connections: number;
  /** Of each steady reading. */
  readonly seconds: number;
  /** All that were asked for; Weir is always among them. */
  readonly peers: readonly PeerKind[];
}

/** Something Weir is measured by. */
export interface Mark {
  readonly name: string;
  readonly required: string;
  readonly measured: string;
  readonly met: boolean;
  /** The readings spread too far to tell. */
  readonly isNotShown?: true;
}

export interface RunResult {
  readonly title: string;
  /** Rows of cells; the first is the head. */
  readonly table: readonly (readonly string[])[];
  /** Sentences below the table. */
  readonly notes: readonly string[];
  readonly marks: readonly Mark[];
}

export interface Run {
  readonly name: string;
  /** For `--help`. */
  readonly about: string;
  /** Has marks of its own, which are no part of `--preset marks`. */
  readonly isApart?: true;
  /** What is missing to run it here, or undefined. */
  missing?(): string | undefined;
  run(options: RunOptions): Promise<RunResult>;
}
