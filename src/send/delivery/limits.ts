/** How much the scheduler holds in memory and at which pace it looks again. Weir's own numbers. */
export interface SchedulerLimits {
  /** Claims that wait in memory for one queue. */
  readonly windowClaims: number;
  /** Octets of in-memory content that wait for one queue. */
  readonly windowBytes: number;
  /** Octets of in-memory content that wait for all queues together; each queue has an equal share. */
  readonly totalBytes: number;
  /** Claims that all queues of domains hold together, waiting or on the wire. Beside them the octets of `totalBytes`. */
  readonly sharedClaims: number;
  /** Claims taken from the spool at once. */
  readonly refillClaims: number;
  /** A queue with this many waiting claims or fewer is refilled. */
  readonly lowWater: number;
  /** Claims with which a queue that was in Retry tries its next hop. */
  readonly probeClaims: number;
  /** A queue that has fewer attempts than its connector allows, none of which ended for so long, begins one more. */
  readonly silentMs: number;
  /** How long a next hop that refused a further connection is not offered more. */
  readonly narrowMs: number;
  /** How often waiting messages are looked through for delay reports and expiry. */
  readonly sweepMs: number;
  readonly sweepClaims: number;
  /** How long attempts of a connector that was changed or removed may go on. */
  readonly retireGraceMs: number;
  /** How long content that could not be read rests. */
  readonly readFaultMs: number;
  /** How soon a queue is asked again for what is due and was not to be had. */
  readonly askAgainMs: number;
  /** How soon the spool is looked at again that could not be read. */
  readonly afterFaultMs: number;
  /** How long a stop waits for results to be durable when all attempts have ended. */
  readonly settleGraceMs: number;
}

export const defaultLimits: SchedulerLimits = {
  windowClaims: 512,
  windowBytes: 16 * 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
  sharedClaims: 4096,
  refillClaims: 128,
  lowWater: 128,
  probeClaims: 2,
  silentMs: 20_000,
  narrowMs: 60_000,
  sweepMs: 60_000,
  sweepClaims: 100,
  retireGraceMs: 300_000,
  readFaultMs: 60_000,
  askAgainMs: 20,
  afterFaultMs: 1_000,
  settleGraceMs: 5_000,
};
