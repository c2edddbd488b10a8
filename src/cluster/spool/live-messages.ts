/** Messages that this node holds something of, in memory until the last claim of each has ended. */
import type { MessageId } from "../../core/message/envelope.ts";
import { dueRecipients, type PlacedRecipient } from "../../spool/messages/recipients.ts";
import type { Claim, ContentReader, QueueName, SpooledMessage } from "../../spool/spool.ts";

/** Its octets, or what is known of its chunks. */
export type KeptContent = Buffer | { readonly bodyCrc: number };

export interface LiveMessage {
  readonly message: SpooledMessage;
  readonly content: KeptContent;
  /** Where it has something, as far as this node knows. */
  readonly queues: Set<QueueName>;
  /** It had something in several queues: others may hold some of it, or give it some. */
  isShared: boolean;
  readonly claims: Map<QueueName, HeldClaim>;
}

export interface HeldClaim extends Claim {
  readonly live: LiveMessage;
  /** Of the incarnation that holds it. */
  readonly nodeId: number;
  /** All there is in its queue, due or not. */
  readonly entry: readonly PlacedRecipient[];
  /** Octets of state in the database; -1: none. */
  readonly was: number;
  readonly dueAt: number;
  /** Memory set apart for it. */
  readonly freshBytes: number;
  ended: boolean;
  /** It ended because this node was taken for dead. */
  isTakenOver: boolean;
}

export interface LiveMessages {
  find(id: MessageId): LiveMessage | undefined;
  /** The one there is, with these queues added, or the one given. */
  use(live: LiveMessage): LiveMessage;
  hold(
    live: LiveMessage,
    held: Pick<HeldClaim, "queue" | "nodeId" | "entry" | "was" | "dueAt" | "freshBytes">,
    now: number,
  ): HeldClaim;
  /** It has no effect any more. */
  end(claim: HeldClaim): void;
  /** All that are held, which have ended now. */
  endAll(): HeldClaim[];
}

/** `isSafe`: what this node holds is its own for certain. */
export function createLiveMessages(
  readerOf: (message: SpooledMessage, content: KeptContent) => ContentReader,
  onEnded: (claim: HeldClaim) => void,
  isSafe: () => boolean,
): LiveMessages {
  const lives = new Map<MessageId, LiveMessage>();

  const end = (claim: HeldClaim): void => {
    if (claim.ended) return;
    claim.ended = true;
    const { live, queue } = claim;
    if (live.claims.get(queue) === claim) live.claims.delete(queue);
    if (live.claims.size === 0 && lives.get(live.message.id) === live) lives.delete(live.message.id);
    onEnded(claim);
  };

  return {
    find: (id) => lives.get(id),
    use(live) {
      const known = lives.get(live.message.id);
      if (known === undefined) return live;
      for (const queue of live.queues) known.queues.add(queue);
      known.isShared ||= known.queues.size > 1;
      return known;
    },
    hold(live, held, now) {
      const claim: HeldClaim = {
        message: live.message,
        recipients: dueRecipients(held.entry, held.queue, now),
        content: readerOf(live.message, live.content),
        live,
        ...held,
        ended: false,
        isTakenOver: false,
        isHeld: () => !claim.ended && isSafe(),
      };
      live.claims.set(held.queue, claim);
      lives.set(live.message.id, live);
      return claim;
    },
    end,
    endAll() {
      const all = [...lives.values()].flatMap(({ claims }) => [...claims.values()]);
      for (const claim of all) {
        end(claim);
        claim.isTakenOver = true;
      }
      return all;
    },
  };
}
