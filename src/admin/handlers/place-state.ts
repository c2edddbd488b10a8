/** The state of what a message has in a queue, with the facts fetched that core/policy/waiting-state.ts decides by. */
import { waitingState, type WaitingState } from "../../core/policy/waiting-state.ts";
import type { Relay } from "../../relay-contract.ts";
import { suspendedDueAt, type RecipientState } from "../../spool/spool.ts";
import type { MessagePlace } from "../../spool/spool-inspection.ts";
import type { SeenQueue } from "./seen-queues.ts";

export interface PlaceStates {
  /** Of all recipients the message has in the queue together. Times are `Clock.now()` milliseconds. */
  ofMessage(place: MessagePlace, queue: SeenQueue): WaitingState;
  ofRecipient(place: MessagePlace, recipient: RecipientState, queue: SeenQueue): WaitingState;
}

export function placeStatesOf(relay: {
  readonly messages: Pick<Relay["messages"], "pendingOn">;
}): PlaceStates {
  const entryOf = ({ queue, message, dueAt, held }: MessagePlace) => ({
    held,
    pending: held ? relay.messages.pendingOn(queue, message.id) : undefined,
    dueAt,
  });
  return {
    ofMessage: (place, queue) =>
      waitingState(
        {
          ...entryOf(place),
          suspended: place.dueAt === suspendedDueAt,
          attempts: place.recipients.reduce((most, { attempts }) => Math.max(most, attempts), 0),
          lastError: place.recipients.find(({ lastError }) => lastError !== undefined)?.lastError,
        },
        queue,
      ),
    ofRecipient: (place, { attempts, lastError, suspended }, queue) =>
      waitingState({ ...entryOf(place), suspended: suspended === true, attempts, lastError }, queue),
  };
}
