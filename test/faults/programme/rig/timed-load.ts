/** Clients that send for a while, and how long each message took from its first octet to its 250. */
import { setTimeout as delay } from "node:timers/promises";
import type { RelayRig } from "./relay-rig.ts";

export async function timedLoad(rig: RelayRig, clients: number, ms: number): Promise<readonly number[]> {
  const begun = new Map<string, number>();
  const times: number[] = [];
  const tally = {
    ...rig.tally,
    compose(bodyBytes: number) {
      const message = rig.tally.compose(bodyBytes);
      begun.set(message.id, performance.now());
      return message;
    },
    acknowledge(id: string) {
      times.push(performance.now() - (begun.get(id) ?? NaN));
      rig.tally.acknowledge(id);
    },
  };
  const stop = rig.load(clients, { tally, bodyBytes: () => 4_000 });
  await delay(ms);
  await stop();
  return times;
}
