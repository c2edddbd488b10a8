import type { Part } from "../part.ts";
import { backup } from "./backup.ts";
import { badDestination } from "./bad-destination.ts";
import { bitFlips } from "./bit-flips.ts";
import { clockMx } from "./clock-mx.ts";
import { clock } from "./clock.ts";
import { dane } from "./dane.ts";
import { diskError } from "./disk-error.ts";
import { inventoryPart } from "./inventory.ts";
import { kill } from "./kill.ts";
import { nodesConnections } from "./nodes-connections.ts";
import { nodesCut } from "./nodes-cut.ts";
import { nodesDisk } from "./nodes-disk.ts";
import { nodesImport } from "./nodes-import.ts";
import { nodesPooler } from "./nodes-pooler.ts";
import { nodesRule } from "./nodes-rule.ts";
import { nodesStandby } from "./nodes-standby.ts";
import { nodesUpgrade } from "./nodes-upgrade.ts";
import { nodes } from "./nodes.ts";
import { pickup } from "./pickup.ts";
import { powerCut } from "./power-cut.ts";
import { resources } from "./resources.ts";
import { slowClients } from "./slow-clients.ts";
import { slowDisk } from "./slow-disk.ts";
import { twoOwners } from "./two-owners.ts";
import { upgradePart } from "./upgrade.ts";

/** In the order of the table. */
export const parts: readonly Part[] = [
  powerCut,
  kill,
  pickup,
  upgradePart,
  backup,
  inventoryPart,
  diskError,
  bitFlips,
  twoOwners,
  clock,
  clockMx,
  slowDisk,
  resources,
  slowClients,
  badDestination,
  dane,
  nodes,
  nodesStandby,
  nodesDisk,
  nodesCut,
  nodesPooler,
  nodesRule,
  nodesImport,
  nodesUpgrade,
  nodesConnections,
];
