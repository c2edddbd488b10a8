/**
 * Tells systemd how the relay does, where a unit of Type=notify started it: ready, its state in words, stopping, and that
 * it lives (sd_notify(3)). Node has no datagram sockets of the file system, so systemd's own program sends them: a process
 * of some milliseconds for each beat, from this process' event loop, so that one that hangs sends none.
 */
import { execFile } from "node:child_process";
import type { Clock, Timer } from "../../ports/ports.ts";
import { beatMs } from "./watchdog.ts";

export interface ServiceManager {
  /** Mail comes in. From now on beats are sent where a watchdog waits for them, each with what `state` says. */
  ready(state: () => string): void;
  stopping(): void;
}

export interface Notifying {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Calls back with why it could not be told. */
  readonly send: (assignments: readonly string[], failed: (reason: string) => void) => void;
  /** Of the first that could not be told. */
  readonly complain: (reason: string) => void;
}

/** Undefined: nobody waits to be told. */
export function serviceManager({ clock, env, pid, send, complain }: Notifying): ServiceManager | undefined {
  if (!env["NOTIFY_SOCKET"]) return undefined;
  const everyMs = beatMs(env, pid);
  let timer: Timer | undefined;
  let complained = false;
  const tell = (...assignments: readonly string[]): void =>
    send(assignments, (reason) => {
      if (!complained) complain(reason);
      complained = true;
    });
  const beat = (state: () => string): void => {
    if (everyMs === undefined) return;
    timer = clock.after(everyMs, () => {
      tell("WATCHDOG=1", status(state));
      beat(state);
    });
  };
  return {
    ready(state) {
      tell("READY=1", status(state));
      beat(state);
    },
    stopping() {
      // The time a stop may take is TimeoutStopSec's: no beat is waited for any more.
      timer?.cancel();
      tell("STOPPING=1", "STATUS=stopping");
    },
  };
}

function status(state: () => string): string {
  return `STATUS=${state().replaceAll(/\s+/g, " ")}`;
}

/** Never rejects, and waits for nothing. */
export function sendBySystemdNotify(assignments: readonly string[], failed: (reason: string) => void): void {
  execFile("systemd-notify", assignments, { timeout: 10_000 }, (error) => {
    if (error !== null) failed(`systemd-notify: ${error.message.trim()}`);
  });
}
