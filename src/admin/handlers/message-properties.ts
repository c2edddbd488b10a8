/** Messages as people see, filter and sort them. Source: Exchange, "Message properties". */
import type { PropertyBag, PropertyKind } from "../../core/policy/opath-filter.ts";
import { suspendedDueAt, type RecipientState } from "../../spool/spool.ts";
import type { ListedMessage, MessagePlace } from "../../spool/spool-inspection.ts";
import type { Administered } from "../administered.ts";
import type { Output } from "../contract.ts";

export type ShownMessage = Output<"listMessages">["messages"][number];
type Recipient = ShownMessage["recipients"][number];

export const messageProperties = {
  FromAddress: "text",
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

export interface MessageProperties {
  /** `identity`: the queue's. Cost: some objects. */
  bagOf(place: MessagePlace, identity: string): PropertyBag & { readonly Status: ShownMessage["status"] };
  shown(place: MessagePlace, identity: string, allRecipients: boolean): ShownMessage;
  /** All recipients of the message, also those of other queues and those that are finished. */
  recipientsOf(places: readonly MessagePlace[], identityOf: (queue: string) => string): Recipient[];
}

export function messagePropertiesOf({ relay, clock }: Administered): MessageProperties {
  const statusOf = ({ queue, message, dueAt, held, recipients }: MessagePlace): ShownMessage["status"] => {
    if (dueAt === suspendedDueAt) return "Suspended";
    if (held) return relay.messages.pendingOn(queue, message.id) ?? "Active";
    return recipients.some(({ attempts }) => attempts > 0) ? "Retry" : "Ready";
  };

  const bagOf = (place: MessagePlace, identity: string) => {
    const { message, recipients } = place;
    const onWall = clock.wall().getTime() - clock.now();
    const { messageId, subject, sizeBytes } = message.content;
    return {
      FromAddress: message.envelope.reversePath,
      Status: statusOf(place),
      Size: sizeBytes,
      Subject: subject,
      InternetMessageId: messageId,
      MessageSourceName: message.origin.connector === "DSN" ? "DSN" : `SMTP:${message.origin.connector}`,
      SourceIP: message.origin.sourceAddress,
      DateReceived: message.arrivedAt + onWall,
      ExpirationTime: message.arrivedAt + relay.settings.transport.messageExpirationTimeout + onWall,
      LastError: recipients.find(({ lastError }) => lastError !== undefined)?.lastError,
      RetryCount: recipients.reduce((most, { attempts }) => Math.max(most, attempts), 0),
      RecipientCount: recipients.length,
      Queue: identity,
    } as const satisfies PropertyBag;
  };

  const shownRecipient = (
    { message }: ListedMessage,
    { index, attempts, lastError, suspended }: RecipientState,
    queue: string,
  ): Recipient => ({
    address: message.envelope.recipients[index]?.forwardPath ?? "",
    status: suspended ? "Suspended" : attempts > 0 ? "Retry" : "Ready",
    queue,
    retryCount: attempts,
    lastError: lastError ?? null,
  });

  return {
    bagOf,
    shown(place, identity, allRecipients) {
      const bag = bagOf(place, identity);
      const { message, dueAt, recipients } = place;
      const onWall = clock.wall().getTime() - clock.now();
      return {
        identity: `${identity}\\${message.id}`,
        queue: identity,
        fromAddress: bag.FromAddress,
        status: bag.Status,
        sizeBytes: bag.Size,
        subject: bag.Subject ?? null,
        internetMessageId: bag.InternetMessageId ?? null,
        messageSourceName: bag.MessageSourceName,
        sourceIp: bag.SourceIP,
        dateReceived: new Date(bag.DateReceived).toISOString(),
        expirationTime: new Date(bag.ExpirationTime).toISOString(),
        nextAttemptAt: bag.Status === "Suspended" ? null : new Date(dueAt + onWall).toISOString(),
        lastError: bag.LastError ?? null,
        retryCount: bag.RetryCount,
        recipientCount: recipients.length,
        recipients: (allRecipients ? recipients : recipients.slice(0, fewRecipients)).map((state) =>
          shownRecipient(place, state, identity),
        ),
      };
    },
    recipientsOf(places, identityOf) {
      const [first] = places;
      if (first === undefined) return [];
      const waiting = new Map(
        places.flatMap((place) =>
          place.recipients.map((state): [number, Recipient] => [
            state.index,
            shownRecipient(place, state, identityOf(place.queue)),
          ]),
        ),
      );
      return first.message.envelope.recipients.map(
        ({ forwardPath }, index): Recipient =>
          waiting.get(index) ?? {
            address: forwardPath,
            status: "Complete",
            queue: null,
            retryCount: 0,
            lastError: null,
          },
      );
    },
  };
}
