/** What a stream tells of work that takes a while: parts of it, at last what came of it. */
import { z } from "zod";
import { countSchema } from "./values.ts";

export function progressOf<Answer extends z.ZodType>(answer: Answer) {
  return z.object({
    /** 0 to 1. */
    part: z.number(),
    /** Questions that were asked before by others, and are answered first; 0: this one is under way. */
    ahead: countSchema,
    /** Null: not yet. Nothing comes behind it. */
    answer: answer.nullable(),
    /** Why there will be none. */
    fault: z.object({ code: z.string(), message: z.string() }).nullable(),
  });
}
