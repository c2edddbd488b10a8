/** A part of the fault programme: what it needs, how it is run, and what it hands back. */
import type { ToolName } from "./rig/tools.ts";

/** One row of the table. */
export interface Finding {
  /** What was done to the relay. */
  readonly what: string;
  /** How often, or to how many. */
  readonly count: string;
  readonly required: string;
  readonly measured: string;
  /** Whether the measured is what is required. */
  readonly held: boolean;
  /**
   * The same look at a relay or a disk that is spoilt on purpose: it must not hold, else the rows beside it prove
   * nothing.
   */
  readonly control?: true;
}

export interface PartOptions {
  /** Its own and empty, on a disk. */
  readonly folder: string;
  /** Repetitions; what one is, is the part's to say. */
  readonly rounds: number;
  readonly seed: number;
  /** A revision of the repository that is taken for the release before. Default: the latest tag, or the part's own. */
  readonly from?: string | undefined;
  /** One line, for those who wait. */
  readonly progress: (text: string) => void;
}

export interface Part {
  readonly name: string;
  /** For `--help`. */
  readonly about: string;
  readonly needs: readonly ToolName[];
  /** Those of a full run, and those of a quick one. */
  readonly rounds: { readonly usual: number; readonly quick: number };
  /** Rejects only for faults of its own. */
  run(options: PartOptions): Promise<readonly Finding[]>;
}

/** What a finding says of the relay, or of the programme itself. */
export type Verdict = "held" | "FAILED" | "fails, as it must" | "void: it did not fail";

export function verdictOf({ held, control }: Finding): Verdict {
  if (control === true) return held ? "void: it did not fail" : "fails, as it must";
  return held ? "held" : "FAILED";
}

export const isGood = (finding: Finding): boolean => finding.held !== (finding.control === true);
