import type { Part } from "../part.ts";
import { kill } from "./kill.ts";
import { powerCut } from "./power-cut.ts";

/** In the order of the table. */
export const parts: readonly Part[] = [powerCut, kill];
