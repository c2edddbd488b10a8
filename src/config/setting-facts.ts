/** What is known of each setting, as plain data: for the shell, which must be quick and loads no schema, and for docs. */
import { z } from "zod";
import { addressRewriteEntrySchema } from "./address-rewrite-entries.ts";
import {
  apiKeySchema,
  applicationSchema,
  configurationSchema,
  dkimKeySchema,
  userSchema,
} from "./configuration-schema.ts";
import { unwrapped } from "./issues.ts";
import { defaultConnectorValues } from "./receive-connector.ts";
import { receiveConnectorSchema } from "./receive-connector-schema.ts";
import { sendConnectorSchema } from "./send-connector-schema.ts";
import { transportSchema } from "./transport-schema.ts";
import { computedDefaults, kinds } from "./value-type.ts";
import { webhookSchema } from "./webhook-schema.ts";

export interface SettingFact {
  readonly name: string;
  readonly kind: string;
  readonly range?: string;
  /** Words it is made of. */
  readonly choices?: readonly string[];
  /** As the file would write it, or in words; undefined: it must be given. */
  readonly default?: string;
  /** On a connector of usage `default`, where that differs. */
  readonly defaultConnectorDefault?: string;
  readonly help: string;
}

export const factSections = {
  receiveConnectors: receiveConnectorSchema,
  sendConnectors: sendConnectorSchema,
  transport: transportSchema,
  users: userSchema.omit({ password: true }),
  apiKeys: apiKeySchema.omit({ keyHash: true }),
  applications: applicationSchema,
  addressRewriteEntries: addressRewriteEntrySchema,
  service: configurationSchema.pick({ hostname: true }),
  dkimKeys: dkimKeySchema,
  webhooks: webhookSchema,
} as const;

export function settingFacts(section: keyof typeof factSections): readonly SettingFact[] {
  return Object.entries(factSections[section].shape).map(([name, schema]) => {
    const type = unwrapped(schema);
    const { kind, range } = (type instanceof z.ZodType ? kinds.get(type) : undefined) ?? { kind: "section" };
    const byDefault = defaultOf(schema);
    const special = (defaultConnectorValues as Readonly<Record<string, unknown>>)[name];
    return {
      name,
      kind,
      ...(range === undefined ? {} : { range }),
      ...(range !== undefined && (kind === "one word" || kind === "list")
        ? { choices: range.split(", ") }
        : {}),
      ...(byDefault === undefined ? {} : { default: byDefault }),
      ...(section === "receiveConnectors" && special !== undefined
        ? { defaultConnectorDefault: literal(special) }
        : {}),
      help: schema.description ?? "",
    };
  });
}

function defaultOf(schema: z.ZodType): string | undefined {
  const inWords = computedDefaults.get(schema)?.default;
  if (inWords !== undefined) return inWords.replaceAll("`", "");
  return schema instanceof z.ZodPrefault ? literal(schema.def.defaultValue) : undefined;
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : "";
}
