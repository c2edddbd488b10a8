/**
 * Walks messages that have waited long, for delay reports and expiry. Two cursors remember how far each walk
 * came, so that a million old messages are looked at once, not each minute. What is held elsewhere meanwhile is
 * looked at when its claim ends.
 */
import type { TransportSettings } from "../../core/policy/retry-schedule.ts";
import type { Claim, Spool } from "../../spool/spool.ts";

export interface Sweep {
  /** One walk from the cursors on; a call while one goes on does nothing. Rejects when the spool cannot be read. */
  run(now: number, transport: TransportSettings): Promise<void>;
  /** Begins again with the oldest message: after a change of the timeouts. */
  restart(): void;
}

/** `look` ends each claim; `settled` resolves when what it began is durable. */
export function createSweep(options: {
  readonly spool: Spool;
  readonly claimsAtOnce: number;
  readonly look: (claim: Claim) => void;
  readonly settled: () => Promise<void>;
  readonly stopped: () => boolean;
}): Sweep {
  const { spool, claimsAtOnce, look, settled, stopped } = options;
  const cursors = { expiry: 0, delay: 0 };
  let going = false;
  let generation = 0;

  const walk = async (which: keyof typeof cursors, arrivedBefore: number): Promise<void> => {
    const begun = generation;
    while (!stopped() && begun === generation) {
      const { claims, next } = await spool.claimOld(cursors[which], arrivedBefore, claimsAtOnce);
      if (begun === generation) cursors[which] = Math.max(next, cursors[which]);
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
        await walk("expiry", now - messageExpirationTimeout + 1);
        await walk("delay", now - delayNotificationTimeout + 1);
      } finally {
        going = false;
      }
    },
    restart() {
      generation++;
      cursors.expiry = 0;
      cursors.delay = 0;
    },
  };
}
