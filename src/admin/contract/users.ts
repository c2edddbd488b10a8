/** Accounts for AUTH. Their passwords go in and never come out. */
import { z } from "zod";
import { changeSchema, countSchema, describedSettings, settingsSchema } from "./values.ts";

const whatIf = z.boolean().default(false);
const userNameSchema = z.string().min(1).max(256);
/** In clear; what is kept is its hash. */
const passwordSchema = z.string().min(1).max(1024);

export const userOperations = {
  listUsers: {
    input: z.object({}),
    output: z.object({
      users: z.array(
        z.object({
          name: z.string(),
          /** Whom and how much it may send: sendAs, receiveConnectors, messageRateLimit, recipientRateLimit. */
          ...describedSettings,
          status: z.object({
            /** The application whose account it is, where the configuration says so. */
            application: z.string().nullable(),
            /** Counted where recipientRateLimit is set. */
            recipientsLastDay: countSchema,
          }),
        }),
      ),
    }),
  },
  newUser: {
    input: z.object({
      name: userNameSchema,
      password: passwordSchema,
      settings: settingsSchema.default({}),
      whatIf,
    }),
    output: changeSchema,
  },
  setUser: {
    input: z.object({
      name: userNameSchema,
      newName: userNameSchema.optional(),
      password: passwordSchema.optional(),
      settings: settingsSchema.default({}),
      whatIf,
    }),
    output: changeSchema,
  },
  removeUser: { input: z.object({ name: userNameSchema, whatIf }), output: changeSchema },
} as const;
