/** What is asked of the record, as data that goes to a thread. */
import type { Application } from "../core/policy/application.ts";
import type { ClientRights } from "../core/policy/client-rights.ts";
import type { RecordedUse } from "../core/advice/use-facts.ts";
import type { ReplayOutcome } from "../core/what-if/replay.ts";
import type { RefusedClients, ReplayedConnector, Scenario, ToldSources } from "../core/what-if/scenario.ts";
import type { DamagedPlace } from "./read-traffic.ts";

export interface ReplayQuestion {
  /** The receive connectors in force. */
  readonly present: readonly ReplayedConnector[];
  /** All of them are played in one pass. */
  readonly scenarios: readonly Scenario[];
  readonly refusedClients: RefusedClients;
  /** Default: of all, which for 100,000 sources and fifty scenarios is more than memory takes. */
  readonly toldSources?: ToldSources;
  /** Whose own rates hold beside the connectors'. */
  readonly users: readonly (ClientRights & { readonly name: string })[];
  readonly applications: readonly Application[];
  /** By which IPv6 addresses are one source, whatever they were when they came. */
  readonly ipv6SourcePrefixLength: number;
  /** Wall clock, milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ReplayAnswer extends ReplayOutcome {
  /** Parts of the record that could not be read. */
  readonly damaged: readonly DamagedPlace[];
}

/** What use was made of the limits. */
export interface UseQuestion {
  /** The receive connectors in force: what came counts where it would come to now. */
  readonly present: readonly ReplayedConnector[];
  /** As `ReplayQuestion`. */
  readonly ipv6SourcePrefixLength: number;
  /** Wall clock, milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface UseAnswer extends RecordedUse {
  readonly damaged: readonly DamagedPlace[];
}
