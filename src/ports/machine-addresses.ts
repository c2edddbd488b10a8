/** The addresses of this machine. */
import { networkInterfaces, type NetworkInterfaceInfo } from "node:os";
import type { Clock } from "./ports.ts";

/** So long what was seen holds; milliseconds. */
const lookEveryMs = 5_000;

export type MachineAddress = Pick<NetworkInterfaceInfo, "address" | "family" | "internal">;

/** The same list while it holds. Cost: a comparison; looked at anew a system call that takes as long as much of a delivery. */
export function followMachineAddresses(clock: Pick<Clock, "now">): () => readonly MachineAddress[] {
  let known: readonly MachineAddress[] = [];
  let lookedAt = -Infinity;
  return () => {
    if (clock.now() < lookedAt + lookEveryMs) return known;
    lookedAt = clock.now();
    return (known = machineAddresses());
  };
}

export function machineAddresses(): readonly MachineAddress[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
}
