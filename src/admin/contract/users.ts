/** Accounts for AUTH. Their passwords go in and never come out. */
import { z } from "zod";
import { changeSchema } from "./values.ts";

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
          /** The application whose account it is, where the configuration says so. */
          application: z.string().nullable(),
        }),
      ),
    }),
  },
  newUser: {
    input: z.object({ name: userNameSchema, password: passwordSchema, whatIf }),
    output: changeSchema,
  },
  setUser: {
    input: z.object({
      name: userNameSchema,
      newName: userNameSchema.optional(),
      password: passwordSchema.optional(),
      whatIf,
    }),
    output: changeSchema,
  },
  removeUser: { input: z.object({ name: userNameSchema, whatIf }), output: changeSchema },
} as const;
