/**
 * How long `vi.waitFor` and `vi.waitUntil` wait where nothing is said: as long as `expect.poll` by vitest.config.ts, which has
 * no setting for these two. A second, as they have it, is not enough for what another process does on a busy machine.
 */
import { vi } from "vitest";
import { waitMs } from "./wait.ts";

const done = Symbol.for("weir.waits");
type Marked = typeof vi & { [done]?: true };
type Options = number | { timeout?: number; interval?: number } | undefined;
const patient = (options: Options): Options =>
  typeof options === "number" ? options : { timeout: waitMs, ...options };

// A process goes on from file to file, and this is run before each.
if ((vi as Marked)[done] === undefined) {
  (vi as Marked)[done] = true;
  const { waitFor, waitUntil } = vi;
  vi.waitFor = (callback, options) => waitFor(callback, patient(options));
  vi.waitUntil = (callback, options) => waitUntil(callback, patient(options));
}
