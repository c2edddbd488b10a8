/** Values for limits, out of what was recorded (docs/know-before-you-change.md). */
import { z } from "zod";
import { applicationSchema, countSchema, instantSchema, limitSchema, nameSchema } from "./values.ts";
import { ofRecords } from "./across-nodes.ts";
import { editSchema } from "./configuration.ts";
import { progressOf } from "./progress.ts";

const adviceInput = {
  /** Default: all receive connectors. */
  connector: nameSchema.optional(),
  /** Default: 35 days ago, or as far back as there is a record. */
  from: instantSchema.optional(),
  to: instantSchema.optional(),
};

const refusalsSchema = z.object({
  /** By the limits in force, and by those advised; of sources that are left out below in `others…`. */
  before: countSchema,
  after: countSchema,
  othersBefore: countSchema,
  othersAfter: countSchema,
});

const limitAdviceSchema = z.object({
  limit: z.string(),
  current: limitSchema,
  value: limitSchema,
  change: z.enum(["raise", "lower", "keep"]),
  /** A sentence with the figures. */
  reason: z.string(),
  /** What was used of it at most, outliers left out; of a percentage: what it must come to. */
  highest: countSchema,
  /** What 99.9 % of the minutes did not exceed; null: not known of all together. */
  p999: countSchema.nullable(),
  /** 0.25: a quarter more than was used. Null: nothing was, or it is a percentage. */
  headroom: z.number().nullable(),
  /** 0.08: by 8 % a week. */
  growthPerWeek: z.number(),
  /** If all of it were used; null: it costs nothing by itself. */
  cost: z.object({ descriptors: countSchema, memoryBytes: countSchema }).nullable(),
  command: z.string().nullable(),
});

const leftOutSchema = z.object({
  source: z.string(),
  application: applicationSchema,
  kind: z.enum(["leak", "storm", "flood"]),
  limit: z.string(),
  /** Why what it did does not count. */
  reason: z.string(),
  /** What it came to. */
  highest: countSchema,
});

const ownSchema = z.object({
  name: z.string(),
  remoteIpRanges: z.array(z.string()),
  reason: z.string(),
  limits: z.array(limitAdviceSchema),
  command: z.string(),
});

const connectorAdviceSchema = z.object({
  connector: z.string(),
  /** Why there is no advice; null: there is some. */
  notEnough: z.string().nullable(),
  /** Its limits were only looked at (`reportOnly`): each is proposed, and put in force by the edits. */
  isLearning: z.boolean(),
  limits: z.array(limitAdviceSchema),
  /** Of this connector and of those proposed beside it, in the time that is looked at. */
  refusals: refusalsSchema,
  leftOut: z.array(leftOutSchema),
  own: z.array(ownSchema),
  /** Sources by the most they had at once, and in a minute. */
  use: z.array(
    z.object({
      source: z.string(),
      application: applicationSchema,
      connections: countSchema,
      messages: countSchema,
      highestOpen: countSchema,
      usualOpen: countSchema,
      highestMessages: countSchema,
      usualMessages: countSchema,
    }),
  ),
  sourceCount: countSchema,
  /** What editConfiguration takes to do all of it. */
  edits: z.array(editSchema),
  command: z.string().nullable(),
});

const adviceSchema = z.object({
  /** What is recorded of the time; null: nothing. */
  from: instantSchema.nullable(),
  to: instantSchema.nullable(),
  days: z.number(),
  connectors: z.array(connectorAdviceSchema),
  /** Of all connectors together; null: not asked for, or not enough is recorded. */
  connectionRate: limitAdviceSchema.nullable(),
  /** All of it as one change. */
  edits: z.array(editSchema),
  notes: z.array(z.string()),
  ...ofRecords,
});

export const limitAdviceOperations = {
  getLimitAdvice: { input: z.object(adviceInput), output: adviceSchema },
  /** `traffic/record-copy.ts` says how it is made up. */
  exportTrafficRecord: {
    input: z.object({ from: instantSchema, to: instantSchema }),
    output: z.string(),
  },
  followLimitAdvice: { input: z.object(adviceInput), output: progressOf(adviceSchema) },
} as const;
