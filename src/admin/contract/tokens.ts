/** Who may use the console and its API. */
import { z } from "zod";
import { instantSchema } from "./values.ts";

const tokenNameSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(
    /^[\p{L}\p{N}](?:[\p{L}\p{N} ._@-]*[\p{L}\p{N}])?$/u,
    "is made of letters, digits, spaces and . _ @ -",
  );
const roleSchema = z.enum(["viewer", "operator", "administrator"]);
const tokenSchema = z.object({ name: z.string(), role: roleSchema, createdAt: instantSchema });

export const tokenOperations = {
  listAdminTokens: { input: z.object({}), output: z.object({ tokens: z.array(tokenSchema) }) },
  newAdminToken: {
    input: z.object({ name: tokenNameSchema, role: roleSchema.default("viewer") }),
    /** `token`: what to sign in with; told only here. */
    output: tokenSchema.extend({ token: z.string() }),
  },
  removeAdminToken: {
    input: z.object({ name: z.string().min(1).max(64) }),
    output: z.object({ name: z.string() }),
  },
} as const;
