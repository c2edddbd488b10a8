/**
 * What makes each version of the schema out of the one before it. Forward only; each step works with the code before it, so
 * that nodes of two releases run side by side. `minReader`: the first release's version that still works with it. A step takes
 * no lock on a table of mail for longer than it takes to add a column: nodes run on meanwhile.
 */
import { administration4 } from "./administration-tables.ts";
import { claims14 } from "./claims.ts";
import { clockBack18 } from "./clock-back.ts";
import { commitLanes15 } from "./commit-lanes.ts";
import { configuration3 } from "./configuration-tables.ts";
import { doubts9 } from "./doubts.ts";
import { forgetting16 } from "./forgetting.ts";
import { import5 } from "./import-functions.ts";
import { lateDones13 } from "./late-dones.ts";
import { ledgerFunctions1 } from "./ledger-functions.ts";
import { nodeFunctions1 } from "./node-functions.ts";
import { nodeListeners8 } from "./node-listeners.ts";
import { nodeView2 } from "./node-view.ts";
import { notices12 } from "./notices.ts";
import { outboundPlaces11 } from "./outbound-places.ts";
import { releases10 } from "./releases.ts";
import { sharedRecords6 } from "./shared-records.ts";
import { shared7 } from "./shared-tables.ts";
import { spoolFunctions1 } from "./spool-functions.ts";
import { tables1 } from "./tables.ts";
import { turningRows17 } from "./turning-rows.ts";

export interface Migration {
  readonly version: number;
  /** A program that knows no higher version than this works with the schema no more. */
  readonly minReader: number;
  readonly sql: string;
}

export const migrations: readonly Migration[] = [
  { version: 1, minReader: 1, sql: tables1 + spoolFunctions1 + nodeFunctions1 + ledgerFunctions1 },
  { version: 2, minReader: 1, sql: nodeView2 },
  { version: 3, minReader: 1, sql: configuration3 },
  { version: 4, minReader: 1, sql: administration4 },
  { version: 5, minReader: 1, sql: import5 },
  { version: 6, minReader: 1, sql: sharedRecords6 },
  { version: 7, minReader: 1, sql: shared7 },
  { version: 8, minReader: 1, sql: nodeListeners8 },
  { version: 9, minReader: 1, sql: doubts9 },
  { version: 10, minReader: 1, sql: releases10 },
  { version: 11, minReader: 1, sql: outboundPlaces11 },
  { version: 12, minReader: 1, sql: notices12 },
  { version: 13, minReader: 1, sql: lateDones13 },
  { version: 14, minReader: 1, sql: claims14 },
  { version: 15, minReader: 1, sql: commitLanes15 },
  { version: 16, minReader: 1, sql: forgetting16 },
  { version: 17, minReader: 1, sql: turningRows17 },
  { version: 18, minReader: 1, sql: clockBack18 },
];

/** What this program knows. */
export const newestVersion = Math.max(...migrations.map(({ version }) => version));
