/** What kind of value each setting is, for those who print them: `duration`, `size`, `integer`, `true or false`, … */
import { z } from "zod";
import { addressRewriteEntrySchema } from "./address-rewrite-entries.ts";
import { apiKeySchema, applicationSchema, dkimKeySchema, userSchema } from "./configuration-schema.ts";
import { unwrapped } from "./issues.ts";
import { receiveConnectorSchema } from "./receive-connector-schema.ts";
import { sendConnectorSchema } from "./send-connector-schema.ts";
import { transportSchema } from "./transport-schema.ts";
import { kinds } from "./value-type.ts";
import { webhookSchema } from "./webhook-schema.ts";

function kindsOf(shape: Readonly<Record<string, z.ZodType>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(shape).map(([name, schema]) => {
      const type = unwrapped(schema);
      return [name, (type instanceof z.ZodType ? kinds.get(type)?.kind : undefined) ?? "section"];
    }),
  );
}

export const receiveConnectorKinds = kindsOf(receiveConnectorSchema.shape);
export const sendConnectorKinds = kindsOf(sendConnectorSchema.shape);
export const transportKinds = kindsOf(transportSchema.shape);
export const dkimKeyKinds = kindsOf(dkimKeySchema.shape);
export const addressRewriteEntryKinds = kindsOf(addressRewriteEntrySchema.shape);
export const webhookKinds = kindsOf(webhookSchema.shape);
export const userKinds = kindsOf(userSchema.omit({ password: true }).shape);
export const apiKeyKinds = kindsOf(apiKeySchema.omit({ keyHash: true }).shape);
export const applicationKinds = kindsOf(applicationSchema.shape);
