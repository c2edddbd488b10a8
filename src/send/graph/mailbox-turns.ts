/** Who may ask now: so many at once for each mailbox of an application, the others in the order they came. */

export interface MailboxTurns {
  /** Resolves when it is the caller's turn, with what ends it; call that once. */
  take(mailbox: string, mostAtOnce: number): Promise<() => void>;
}

interface Place {
  running: number;
  readonly waiting: (() => void)[];
}

export function createMailboxTurns(): MailboxTurns {
  const places = new Map<string, Place>();
  return {
    take: (mailbox, mostAtOnce) =>
      new Promise((resolve) => {
        const place = places.get(mailbox) ?? { running: 0, waiting: [] };
        places.set(mailbox, place);
        const end = (): void => {
          place.running--;
          place.waiting.shift()?.();
          if (place.running === 0) places.delete(mailbox);
        };
        const begin = (): void => {
          place.running++;
          resolve(end);
        };
        if (place.running < mostAtOnce) begin();
        else place.waiting.push(begin);
      }),
  };
}
