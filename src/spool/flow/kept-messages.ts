/** How many messages are kept, and who waits for one of them to be finished. */
import type { MessageId } from "../../core/message/envelope.ts";
import type { MessagesInUse } from "../messages/messages-in-use.ts";

export interface KeptMessages {
  readonly size: number;
  /** One more is durable. */
  added(): void;
  /** Its last recipient is finished, or it is set aside. */
  removed(id: MessageId): void;
  /** `Spool.whenFinished`. */
  whenFinished(id: MessageId): Promise<void>;
  /** Nobody waits any more, and nobody will. */
  close(): void;
}

export function keptMessages(size: number, messages: MessagesInUse): KeptMessages {
  const waiting = new Map<MessageId, (() => void)[]>();
  let count = size;
  let closed = false;

  const tell = (id: MessageId): void => {
    const resolves = waiting.get(id);
    if (resolves === undefined) return;
    waiting.delete(id);
    for (const resolve of resolves) resolve();
  };

  return {
    get size() {
      return count;
    },
    added: () => void count++,
    removed(id) {
      count--;
      tell(id);
    },
    whenFinished(id) {
      if (closed || !messages.isKept(id)) return Promise.resolve();
      return new Promise((resolve) => {
        const others = waiting.get(id);
        if (others === undefined) waiting.set(id, [resolve]);
        else others.push(resolve);
      });
    },
    close() {
      closed = true;
      for (const id of waiting.keys()) tell(id);
    },
  };
}
