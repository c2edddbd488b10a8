/** Messages as people see, filter and sort them. Source: Exchange, "Message properties". */
import type { PropertyBag, PropertyKind } from "../../core/policy/opath-filter.ts";
import type { WaitingState } from "../../core/policy/waiting-state.ts";
import type { RecipientState } from "../../spool/spool.ts";
import type { MessagePlace } from "../../spool/spool-inspection.ts";
import type { Administered } from "../administered.ts";
import type { Output } from "../contract.ts";
import type { Fate } from "../../tracking/finished-recipients.ts";
import { placeStatesOf } from "./place-state.ts";
import type { SeenQueue } from "./seen-queues.ts";

export type ShownMessage = Output<"listMessages">["messages"][number];
type Recipient = ShownMessage["recipients"][number];

export const messageProperties = {
  FromAddress: "text",
  /** Of each recipient that waits in the queue: one that fits is enough. */
  Recipient: "text",
  Status: "text",
  Size: "size",
  Subject: "text",
  InternetMessageId: "text",
  MessageSourceName: "text",
  SourceIP: "text",
  DateReceived: "time",
  ExpirationTime: "time",
  LastError: "text",
  RetryCount: "number",
  RecipientCount: "number",
  Queue: "text",
} as const satisfies Readonly<Record<string, PropertyKind>>;

/** Recipients of a message that a list shows. */
const fewRecipients = 3;

/** What a message has in one queue, and that queue. */
export interface Found {
  readonly queue: SeenQueue;
  readonly place: MessagePlace;
}

export interface MessageProperties {
  /** Cost: some objects. */
  bagOf(found: Found): PropertyBag;
  shown(found: Found, allRecipients: boolean): ShownMessage;
  /** All recipients of the message, also those of other queues, and those that are `finished`, with their fate. */
  recipientsOf(places: readonly Found[], finished: ReadonlyMap<string, Fate>): Recipient[];
}

export function identityOf({ queue, place }: Found): string {
  return `${queue.identity}\\${place.message.id}`;
}

export function messagePropertiesOf({ relay, clock }: Administered): MessageProperties {
  const states = placeStatesOf(relay);

  const facts = ({ place, queue }: Found, { status, attempts, lastError }: WaitingState) => {
    const { message, recipients } = place;
    const onWall = clock.wall().getTime() - clock.now();
    const { messageId, subject, sizeBytes } = message.content;
    return {
      FromAddress: message.envelope.reversePath,
      Status: status,
      Size: sizeBytes,
      Subject: subject,
      InternetMessageId: messageId,
      MessageSourceName: message.origin.connector === "DSN" ? "DSN" : `SMTP:${message.origin.connector}`,
      SourceIP: message.origin.sourceAddress,
      DateReceived: message.arrivedAt - (message.timeOffMs ?? 0) + onWall,
      ExpirationTime: message.arrivedAt + relay.settings.transport.messageExpirationTimeout + onWall,
      LastError: lastError,
      RetryCount: attempts,
      RecipientCount: recipients.length,
      Queue: queue.identity,
    } as const satisfies Partial<Record<keyof typeof messageProperties, PropertyBag[string]>>;
  };

  const shownRecipient = ({ place, queue }: Found, recipient: RecipientState): Recipient => {
    const { status, attempts, lastError } = states.ofRecipient(place, recipient, queue);
    return {
      address: place.message.envelope.recipients[recipient.index]?.forwardPath ?? "",
      status,
      queue: queue.identity,
      retryCount: attempts,
      lastError: lastError ?? null,
    };
  };

  return {
    bagOf(found) {
      const { message, recipients } = found.place;
      return {
        ...facts(found, states.ofMessage(found.place, found.queue)),
        Recipient: recipients.map(({ index }) => message.envelope.recipients[index]?.forwardPath ?? ""),
      } satisfies Record<keyof typeof messageProperties, PropertyBag[string]>;
    },
    shown(found, allRecipients) {
      const { place, queue } = found;
      const state = states.ofMessage(place, queue);
      const bag = facts(found, state);
      const onWall = clock.wall().getTime() - clock.now();
      return {
        identity: identityOf(found),
        queue: queue.identity,
        queueStatus: queue.status,
        fromAddress: bag.FromAddress,
        status: bag.Status,
        sizeBytes: bag.Size,
        subject: bag.Subject ?? null,
        internetMessageId: bag.InternetMessageId ?? null,
        messageSourceName: bag.MessageSourceName,
        sourceIp: bag.SourceIP,
        dateReceived: new Date(bag.DateReceived).toISOString(),
        expirationTime: new Date(bag.ExpirationTime).toISOString(),
        nextAttemptAt:
          state.nextAttemptAt === undefined ? null : new Date(state.nextAttemptAt + onWall).toISOString(),
        lastError: bag.LastError ?? null,
        retryCount: bag.RetryCount,
        recipientCount: place.recipients.length,
        recipients: (allRecipients ? place.recipients : place.recipients.slice(0, fewRecipients)).map(
          (recipient) => shownRecipient(found, recipient),
        ),
      };
    },
    recipientsOf(places, finished) {
      const [first] = places;
      if (first === undefined) return [];
      const waiting = new Map(
        places.flatMap((found) =>
          found.place.recipients.map((state): [number, Recipient] => [
            state.index,
            shownRecipient(found, state),
          ]),
        ),
      );
      return first.place.message.envelope.recipients.map(({ forwardPath }, index): Recipient => {
        const fate = finished.get(forwardPath);
        return (
          waiting.get(index) ?? {
            address: forwardPath,
            status: fate?.status ?? "Unknown",
            queue: null,
            retryCount: 0,
            lastError: fate?.lastError ?? null,
          }
        );
      });
    },
  };
}
