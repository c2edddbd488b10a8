/**
 * Walks messages that have waited long, for delay reports and expiry. The spool's two walks remember how far they
 * came, so that a million old messages are looked at once, not each minute.
 */
import type { TransportSettings } from "../../core/policy/retry-schedule.ts";
import type { Claim, OldMessages, QueueName, Spool } from "../../spool/spool.ts";

export interface Sweep {
  /** Goes on with both walks; a call while one goes on does nothing. Rejects when the spool cannot be read. */
  run(now: number, transport: TransportSettings): Promise<void>;
  /** Begins again with the oldest message: after a change of the timeouts. */
  restart(): void;
}

/** `look` ends each claim; `settled` resolves when what it began is durable. */
export function createSweep(options: {
  readonly spool: Pick<Spool, "walkOld" | "size">;
  readonly claimsAtOnce: number;
  readonly look: (claim: Claim) => void;
  /** What waits there is not judged by its age yet; it is met again. */
  readonly leaves: (queue: QueueName) => boolean;
  readonly settled: () => Promise<void>;
  readonly stopped: () => boolean;
}): Sweep {
  const { spool, claimsAtOnce, look, leaves, settled, stopped } = options;
  let expiry = spool.walkOld();
  let delay = spool.walkOld();
  let going = false;
  let generation = 0;

  const walk = async (old: OldMessages, arrivedBefore: number): Promise<void> => {
    const begun = generation;
    while (!stopped() && begun === generation) {
      const claims = await old.claim(arrivedBefore, claimsAtOnce, leaves);
      for (const claim of claims) look(claim);
      if (claims.length === 0) return;
      await settled();
    }
  };

  return {
    async run(now, { messageExpirationTimeout, delayNotificationTimeout }) {
      if (going || spool.size === 0) return;
      going = true;
      try {
        await walk(expiry, now - messageExpirationTimeout + 1);
        await walk(delay, now - delayNotificationTimeout + 1);
      } finally {
        going = false;
      }
    },
    restart() {
      generation++;
      expiry = spool.walkOld();
      delay = spool.walkOld();
    },
  };
}
