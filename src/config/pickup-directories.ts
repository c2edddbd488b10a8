/** The Pickup and Replay directories, and whose limits hold for what lies there. */
import { resolve } from "node:path";
import type { SendConnectorSettings } from "../core/policy/send-connector.ts";
import type { Findings } from "./fault.ts";

interface Given {
  readonly pickupDirectoryPath?: string | undefined;
  readonly replayDirectoryPath?: string | undefined;
  readonly pickupConnector?: string | undefined;
}

export interface PickupDirectories {
  /** Absolute. */
  readonly pickupDirectoryPath: string | undefined;
  readonly replayDirectoryPath: string | undefined;
  readonly pickupConnector: string | undefined;
}

export function readPickupDirectories(
  given: Given,
  around: {
    readonly dataDirectory: string;
    /** As named in the file, whatever their faults. */
    readonly receiveConnectors: readonly string[];
    readonly sendConnectors: readonly SendConnectorSettings[];
  },
  findings: Findings,
): PickupDirectories {
  const { dataDirectory, receiveConnectors, sendConnectors } = around;
  const absolute = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : resolve(dataDirectory, path);
  const { pickupConnector } = given;
  const read = {
    pickupDirectoryPath: absolute(given.pickupDirectoryPath),
    replayDirectoryPath: absolute(given.replayDirectoryPath),
    pickupConnector,
  };
  const isKnown = receiveConnectors.some((name) => name.toLowerCase() === pickupConnector?.toLowerCase());
  if (pickupConnector !== undefined && !isKnown)
    findings.fault(["transport", "pickupConnector"], `there is no receive connector ${pickupConnector}`);
  const drops = sendConnectors.flatMap((connector) => (connector.kind === "drop" ? [connector] : []));
  for (const name of ["pickupDirectoryPath", "replayDirectoryPath"] as const) {
    const directory = read[name];
    if (directory === undefined) continue;
    const path = ["transport", name];
    if (pickupConnector === undefined)
      findings.fault(
        path,
        "wants transport.pickupConnector: the receive connector whose limits and rights hold for it",
      );
    const drop = drops.find(({ dropDirectory }) => dropDirectory === directory);
    if (drop !== undefined)
      findings.fault(path, `is the drop directory of send connector ${drop.name}: its mail would go round`);
  }
  if (read.pickupDirectoryPath !== undefined && read.pickupDirectoryPath === read.replayDirectoryPath)
    findings.fault(
      ["transport", "replayDirectoryPath"],
      "is the Pickup directory too; its files have another form",
    );
  return read;
}
