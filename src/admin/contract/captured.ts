/** Mail of receive connectors with `capture`: listed, read, waited for, deleted. */
import { z } from "zod";
import { parseDuration } from "../../core/units/duration.ts";
import { countSchema, instantSchema } from "./values.ts";

const capturedSchema = z.object({
  id: z.string(),
  capturedAt: instantSchema,
  /** The receive connector; `DSN` for reports on captured mail. */
  connector: z.string(),
  /** Of the envelope: MAIL FROM, empty for the null reverse-path, and RCPT TO. */
  from: z.string(),
  to: z.array(z.string()),
  /** Encoded words are read. */
  subject: z.string(),
  messageId: z.string(),
  sizeBytes: countSchema,
  source: z.string(),
  application: z.string().nullable(),
  helloName: z.string(),
  user: z.string().nullable(),
});

const longestWaitMs = 60_000;
const wait = z
  .string()
  .max(20)
  .refine((text) => {
    const parsed = parseDuration(text);
    return parsed.ok && parsed.value <= longestWaitMs;
  }, "is no duration up to 60s, such as 10s");

/** What all of them have to fit. Addresses in any case, with `*` for any characters; `subject` is a part of it. */
const filter = {
  to: z.string().max(320).optional(),
  from: z.string().max(320).optional(),
  subject: z.string().max(255).optional(),
  connector: z.string().max(255).optional(),
  /** Only those captured at that instant or later. */
  since: instantSchema.optional(),
};

export const capturedOperations = {
  listCaptured: {
    input: z.object({
      ...filter,
      limit: z.int().min(1).max(1000).default(50),
      /** Where nothing fits yet: how long to wait for the first that does, such as `10s`. */
      wait: wait.optional(),
    }),
    output: z.object({
      /** The latest first. */
      messages: z.array(capturedSchema),
      /** All that fit. */
      total: countSchema,
    }),
  },
  getCaptured: {
    input: z.object({ id: z.string().max(100) }),
    output: capturedSchema.extend({
      headers: z.array(z.object({ name: z.string(), value: z.string() })),
      text: z.string().nullable(),
      /** As it came: show it only where it can run nothing, or by its own operation. */
      html: z.string().nullable(),
      attachments: z.array(
        z.object({
          /** For `getCapturedAttachment`. */
          index: countSchema,
          fileName: z.string(),
          mediaType: z.string(),
          contentId: z.string(),
          inline: z.boolean(),
          sizeBytes: countSchema,
        }),
      ),
      /** False: of a message above 32 MB only the beginning was read, or it could not be read. */
      complete: z.boolean(),
    }),
  },
  getCapturedSource: { input: z.object({ id: z.string().max(100) }), output: z.string() },
  getCapturedHtml: { input: z.object({ id: z.string().max(100) }), output: z.string() },
  getCapturedAttachment: {
    input: z.object({ id: z.string().max(100), index: z.coerce.number().int().min(0) }),
    output: z.string(),
  },
  removeCaptured: {
    input: z.object({ id: z.string().max(100) }),
    output: z.object({ removed: countSchema }),
  },
  removeAllCaptured: { input: z.object(filter), output: z.object({ removed: countSchema }) },
} as const;
