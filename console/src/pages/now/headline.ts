import type { Output } from "../../../../src/admin/contract.ts";

/** A sentence that matters now, with its way out. */
export type Headline = Output<"getOverview">["headlines"][number];
