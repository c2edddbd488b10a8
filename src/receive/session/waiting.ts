/** Waiting in a phase of its own. Whoever left that phase meanwhile (it closed) hears nothing of what was waited for. */
import { fail } from "./closing.ts";
import type { SessionParts } from "./parts.ts";
import { reading, type Phase } from "./phase.ts";
import { tellFault } from "../transaction/tell-fault.ts";

/** Stays in `phase` until the promise settles, then goes on with its value. */
export function waitFor<T>(
  parts: SessionParts,
  phase: Phase,
  promise: Promise<T>,
  then: (parts: SessionParts, value: T) => void,
): void {
  parts.output.flush();
  parts.phase = phase;
  promise.then(
    (value) => leave(parts, phase, value, then),
    (fault: unknown) => {
      if (parts.phase === phase) fail(parts, fault);
      else tellFault(parts.services, parts.state, fault);
    },
  );
}

/** Does `step` and reads on, if `phase` still stands. */
export function leave<T>(
  parts: SessionParts,
  phase: Phase,
  value: T,
  step: (parts: SessionParts, value: T) => void,
): void {
  if (parts.phase !== phase) return;
  parts.phase = reading;
  try {
    step(parts, value);
  } catch (fault) {
    fail(parts, fault);
  }
  parts.readOn();
}
