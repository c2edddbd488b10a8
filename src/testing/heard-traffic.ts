/** A listener of the traffic record that writes down what it hears, for tests: the name of each call and its arguments. */
import type { TrafficListener } from "../core/traffic/traffic-facts.ts";

export type Heard = readonly [keyof TrafficListener, ...unknown[]];

export function hearTraffic(): { readonly listener: TrafficListener; readonly heard: Heard[] } {
  const heard: Heard[] = [];
  const names = [
    "began",
    "clockSet",
    "connected",
    "arrived",
    "resumed",
    "left",
    "described",
    "message",
    "messageHeld",
    "kept",
    "refused",
    "lost",
  ] as const satisfies readonly (keyof TrafficListener)[];
  const calls = names.map(
    (name) => [name, (...args: unknown[]) => void heard.push([name, ...args])] as const,
  );
  return { listener: Object.fromEntries(calls) as unknown as TrafficListener, heard };
}
