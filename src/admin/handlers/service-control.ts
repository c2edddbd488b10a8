/** Whether the relay takes mail at all: suspended, resumed, stopped. */
import type { Administered, Asked, Handlers } from "../administered.ts";
import type { Output } from "../contract.ts";
import { AdminRefusal } from "../refusal.ts";

type Names = "suspendService" | "resumeService" | "stopRelay";

export function serviceControlHandlers({ relay, stopping }: Administered): Pick<Handlers, Names> {
  const state = (changed: boolean): Output<"suspendService"> => ({
    changed,
    queued: relay.queued,
    sessions: relay.sessions,
  });
  const who = ({ caller }: Asked): string => `${caller.name} (${caller.from})`;

  return {
    async suspendService(_, asked) {
      const changed = await relay.suspendService(who(asked));
      const { suspension } = relay;
      if (changed && suspension !== undefined)
        relay.events.emit("ServiceSuspended", { who: suspension.by, since: suspension.since });
      return state(changed);
    },
    async resumeService(_, asked) {
      const changed = await relay.suspendService(undefined);
      if (changed) relay.events.emit("ServiceResumed", { who: who(asked) });
      return state(changed);
    },
    stopRelay(_, asked) {
      if (stopping === undefined)
        throw new AdminRefusal(
          "invalidInput",
          "this relay is embedded: the application that holds it has to stop it",
        );
      // Behind the answer.
      setImmediate(() => stopping.ask(`asked to by ${who(asked)}`));
      return { pid: process.pid, graceMs: stopping.graceMs, sessions: relay.sessions };
    },
  };
}
