/** Domains that anybody who may submit may send to. */
import { z } from "zod";
import { changeSchema } from "./values.ts";

const whatIf = z.boolean().default(false);
/** `contoso.com`, or `*.contoso.com` with its subdomains. */
const domainNameSchema = z.string().min(1).max(300);

export const acceptedDomainOperations = {
  listAcceptedDomains: {
    input: z.object({}),
    output: z.object({
      domains: z.array(
        z.object({
          domainName: z.string(),
          /** True of `*.contoso.com`, which holds contoso.com, too. */
          matchSubDomains: z.boolean(),
          /** The send connector that is the first to take its mail; null: it waits in the queue Unreachable. */
          sendConnector: z.string().nullable(),
        }),
      ),
    }),
  },
  newAcceptedDomain: { input: z.object({ domainName: domainNameSchema, whatIf }), output: changeSchema },
  setAcceptedDomain: {
    input: z.object({
      domainName: domainNameSchema,
      /** In its place. */
      newDomainName: domainNameSchema.optional(),
      matchSubDomains: z.boolean().optional(),
      whatIf,
    }),
    output: changeSchema,
  },
  removeAcceptedDomain: { input: z.object({ domainName: domainNameSchema, whatIf }), output: changeSchema },
} as const;
