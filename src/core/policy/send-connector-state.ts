/** What a send connector is doing, as people see it: its setting and the state of its queue put together. */

export const sendConnectorStates = [
  /** It delivers, or would. */
  "Ready",
  /** None of its next hops can be reached, or its directory cannot be written. */
  "CannotReach",
  /** Its next hop answers, and puts off what it is given: nothing was handed over since. */
  "PutOff",
  /** Its queue is suspended: it takes mail and delivers none. */
  "Suspended",
  "Disabled",
] as const;
export type SendConnectorState = (typeof sendConnectorStates)[number];

export interface ConnectorQueue {
  readonly status: string;
  /** Failed connections in a row. */
  readonly retryCount: number;
  readonly putOff: string | undefined;
}

/** Of one that has a queue for each domain: as mail for the others goes on, one of them says nothing of it, unless all do. */
export function stateAmongDomains(
  enabled: boolean,
  queues: readonly ConnectorQueue[],
): { readonly state: SendConnectorState; readonly failing: number } {
  const states = queues.map((queue) => sendConnectorState(enabled, queue));
  const failing = states.filter((state) => state === "CannotReach").length;
  const [first = "Ready"] = states;
  const state = states.length > 1 && states.every((each) => each === first) ? first : "Ready";
  return { state: enabled ? state : "Disabled", failing };
}

/** `queue`: undefined where there is none, as for a disabled connector. */
export function sendConnectorState(enabled: boolean, queue: ConnectorQueue | undefined): SendConnectorState {
  if (!enabled) return "Disabled";
  if (queue === undefined) return "Ready";
  if (queue.status === "Suspended") return "Suspended";
  if (queue.retryCount > 0) return "CannotReach";
  return queue.putOff === undefined ? "Ready" : "PutOff";
}
