/** The time that signatures tell. */
import type { Clock } from "../ports/ports.ts";

/** So long what is thought of the clock holds. */
const holdsMs = 1_000;

/**
 * A clock whose wall is an invalid date while it is not believed. A signature from a clock in 2020 has ended when it is made, one
 * from a clock ahead is from the future: receivers take neither (RFC 6376 §3.5), and one without any time is as good as others.
 */
export function signingClock(clock: Clock, isBelieved: () => boolean): Clock {
  let believes = true;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let readAt = Number.NaN;
  return {
    ...clock,
    wall() {
      const now = clock.now();
      const wall = clock.wall();
      const at = wall.getTime();
      // A clock that was set since is looked at with the first signature behind that.
      if (now - lookedAt >= holdsMs || Math.abs(at - readAt - (now - lookedAt)) > holdsMs) {
        believes = isBelieved();
        lookedAt = now;
        readAt = at;
      }
      return believes ? wall : new Date(Number.NaN);
    },
  };
}
