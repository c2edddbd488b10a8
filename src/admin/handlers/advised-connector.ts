import type { Settings } from "../../config/settings.ts";
import type { ConnectorAdvice } from "../../core/advice/connector-advice.ts";
import type { LimitProposal, LoosenedLimit } from "../../core/advice/limit-proposal.ts";
import type { Refusals, SingleFinding } from "../../core/advice/trial.ts";

export type Loosening =
  /** Each limit was tried by itself: how much looser it is, and whom it refused else. */
  | { readonly isToldApart: true; readonly findings: Readonly<Record<LoosenedLimit, SingleFinding>> }
  /** Only together are they enough. */
  | { readonly isToldApart: false; readonly times: number };

/** What was found for one connector, and with which values. */
export interface Advised {
  readonly connector: Settings["receiveConnectors"][number];
  readonly advice: ConnectorAdvice;
  readonly isLearning: boolean;
  /** As they are to be set. */
  readonly limits: readonly LimitProposal[];
  readonly own: readonly { readonly name: string; readonly limits: readonly LimitProposal[] }[];
  /** Why limits are looser than use by itself asks for; undefined: they are not. */
  readonly loosening: Loosening | undefined;
  readonly before: Refusals;
  readonly after: Refusals;
}
