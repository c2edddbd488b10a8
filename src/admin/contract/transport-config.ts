/** What Exchange keeps for the organisation: limits that are settings of each connector here, and how reports are written. */
import { z } from "zod";
import { changeSchema, jsonSchema, limitSchema } from "./values.ts";

/** As in the configuration file. */
const given = jsonSchema.optional();

export const transportConfigOperations = {
  getTransportConfig: {
    input: z.object({}),
    output: z.object({
      /** Of all enabled connectors the largest; null where there is none. */
      settings: z.object({
        maxReceiveSize: limitSchema.nullable(),
        maxSendSize: limitSchema.nullable(),
        maxRecipientEnvelopeLimit: limitSchema.nullable(),
        externalPostmasterAddress: z.string(),
        dsnMaxMessageAttachSize: z.number(),
      }),
      /** Where connectors differ, or some only look at it (reportOnly): what each has. */
      differences: z.array(
        z.object({
          setting: z.string(),
          connector: z.string(),
          value: limitSchema,
          /** False: nobody is refused by it. */
          enforced: z.boolean(),
        }),
      ),
      kinds: z.record(z.string(), z.string()),
    }),
  },
  setTransportConfig: {
    input: z.object({
      settings: z.strictObject({
        /** maxMessageSize of every receive connector. */
        maxReceiveSize: given,
        /** maxMessageSize of every send connector. */
        maxSendSize: given,
        /** maxRecipientsPerMessage of every receive connector. */
        maxRecipientEnvelopeLimit: given,
        externalPostmasterAddress: given,
        dsnMaxMessageAttachSize: given,
      }),
      whatIf: z.boolean().default(false),
    }),
    output: changeSchema,
  },
} as const;
