/** How short the resources of the relay are. */
import { z } from "zod";
import { limitSchema } from "./values.ts";

const levelSchema = z.enum(["Low", "Medium", "High"]);

export const resourceOperations = {
  getResourcePressure: {
    input: z.object({}),
    output: z.object({
      enabled: z.boolean(),
      level: levelSchema,
      /** Whose new messages get `452 4.3.1`. Anonymous: neither logged on nor externally secured. */
      refuses: z.enum(["nobody", "anonymous", "everyone"]),
      /** How long the reply to an anonymous client's MAIL is held back; 0 for not. */
      mailTarpitMs: z.number(),
      /** In percent, messages or milliseconds. Empty before the first look and when switched off. */
      resources: z.array(
        z.object({
          resource: z.enum(["UsedDiskSpace", "PrivateBytes", "QueueLength[SubmissionQueue]", "EventLoopLag"]),
          level: levelSchema,
          current: z.number(),
          thresholds: z.object({
            lowToMedium: limitSchema,
            mediumToHigh: limitSchema,
            highToMedium: limitSchema,
            mediumToLow: limitSchema,
          }),
        }),
      ),
    }),
  },
} as const;
