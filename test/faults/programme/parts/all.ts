import type { Part } from "../part.ts";
import { bitFlips } from "./bit-flips.ts";
import { diskError } from "./disk-error.ts";
import { kill } from "./kill.ts";
import { powerCut } from "./power-cut.ts";

/** In the order of the table. */
export const parts: readonly Part[] = [powerCut, kill, diskError, bitFlips];
