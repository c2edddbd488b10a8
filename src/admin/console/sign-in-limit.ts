/** Slows down who tries tokens: 10 failures a minute from one address (IPv6: one /64), then none is looked at. */
import type { Clock } from "../../ports/ports.ts";

export interface SignInLimit {
  /** Seconds until the source may try again; 0: it may now. */
  waitS(source: string): number;
  failed(source: string): void;
  /** Clears what the source failed before. */
  succeeded(source: string): void;
}

export const mostFailures = 10;
export const windowMs = 60_000;
/** Sources remembered; the oldest is forgotten. */
const mostSources = 10_000;

/**
 * `tell` is called with the first failure of a source within a minute and when the source is shut out, so that a flood
 * is two entries a minute.
 */
export function createSignInLimit(
  clock: Clock,
  tell: (source: string, failures: number) => void,
): SignInLimit {
  const seen = new Map<string, { readonly since: number; failures: number }>();
  const current = (source: string) => {
    const entry = seen.get(source);
    if (entry === undefined || clock.now() - entry.since < windowMs) return entry;
    seen.delete(source);
    return undefined;
  };
  return {
    waitS(source) {
      const entry = current(source);
      if (entry === undefined || entry.failures < mostFailures) return 0;
      return Math.max(1, Math.ceil((entry.since + windowMs - clock.now()) / 1000));
    },
    failed(source) {
      const entry = current(source) ?? { since: clock.now(), failures: 0 };
      entry.failures++;
      seen.set(source, entry);
      if (entry.failures === 1 || entry.failures === mostFailures) tell(source, entry.failures);
      if (seen.size > mostSources) {
        const oldest = seen.keys().next();
        if (oldest.done !== true) seen.delete(oldest.value);
      }
    },
    succeeded: (source) => void seen.delete(source),
  };
}
