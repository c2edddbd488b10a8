import type { Settings } from "../../config/settings.ts";
import type { ConnectorAdvice } from "../../core/advice/connector-advice.ts";
import type { LimitProposal } from "../../core/advice/limit-proposal.ts";
import type { Refusals } from "../../core/advice/trial.ts";

/** What was found for one connector, and with which values. */
export interface Advised {
  readonly connector: Settings["receiveConnectors"][number];
  readonly advice: ConnectorAdvice;
  readonly isLearning: boolean;
  /** As they are to be set. */
  readonly limits: readonly LimitProposal[];
  readonly own: readonly { readonly name: string; readonly limits: readonly LimitProposal[] }[];
  readonly before: Refusals;
  readonly after: Refusals;
}
