/** The reference of the configuration file, written from its schema. */
import { z } from "zod";
import {
  adminSchema,
  applicationSchema,
  configurationSchema,
  diagnosticsSchema,
  dkimKeySchema,
  dkimSchema,
  metricsSchema,
  apiKeySchema,
  userSchema,
} from "./configuration-schema.ts";
import { addressRewriteEntrySchema } from "./address-rewrite-entries.ts";
import { clusterDatabaseSchema, clusterSchema } from "./cluster-schema.ts";
import { loggingSchema } from "./logging-schema.ts";
import { directorySchema } from "./directory-schema.ts";
import { unwrapped } from "./issues.ts";
import { defaultConnectorValues, usagePresets } from "./receive-connector.ts";
import { receiveConnectorSchema } from "./receive-connector-schema.ts";
import { refusedSettings, refusedValues } from "./refused-settings.ts";
import { presetNames, presetSettings } from "../core/policy/send-presets.ts";
import { oauthSchema } from "./oauth-schema.ts";
import { credentialSchema, sendConnectorSchema } from "./send-connector-schema.ts";
import { aliases } from "./setting-names.ts";
import { tokenIssuerSchema } from "./token-issuer-schema.ts";
import { transportSchema } from "./transport-schema.ts";
import { computedDefaults, kinds } from "./value-type.ts";
import { webhookSchema } from "./webhook-schema.ts";

const plainPreset = { cloud: "global", hasOAuth: false, hasCredential: false } as const;

type Shape = Readonly<Record<string, z.ZodType>>;

/** Markdown. `npm run docs` writes it to docs/configuration.md. */
export function configurationReference(): string {
  return [
    "# Configuration",
    "",
    "<!-- Written by `npm run docs` from the schema in src/config; change it there. -->",
    "",
    "One YAML file holds everything: `weir.yaml` in the current folder, or the file named by `--config` or by the",
    "environment variable `WEIR_CONFIG`. Saving it applies it without dropping a connection; a file with a fault changes",
    "nothing. `weir check` tells every fault with line and path, `weir init` writes a commented file to start from,",
    "`weir schema` prints the JSON Schema for editors.",
    "",
    "Names are Exchange's, in camelCase. Durations are written `30s`, `5m`, `1h30m`, `2d` or as Exchange's `00:05:00`,",
    "sizes `25MB` (1 MB is 1024 KB of 1024 bytes) or as a number of bytes, `unlimited` where a limit may be absent.",
    "",
    "## Top level",
    "",
    ...table(configurationSchema.shape),
    "",
    "## receiveConnectors",
    "",
    ...table(receiveConnectorSchema.shape),
    "",
    "### Usages",
    "",
    "What `usage` presets; settings given beside it win.",
    "",
    "| usage | presets |",
    "| --- | --- |",
    ...Object.entries(usagePresets).map(([usage, presets]) => `| \`${usage}\` | ${presetText(presets)} |`),
    "",
    "## sendConnectors",
    "",
    ...table(sendConnectorSchema.shape),
    "",
    "### authenticationCredential",
    "",
    ...table(credentialSchema.shape),
    "",
    "### oauth",
    "",
    ...table(oauthSchema.shape),
    "",
    "### Presets",
    "",
    "What `preset` stands in for; settings given beside it win. The host of microsoft365 follows `oauth.cloud`, and with",
    "`authenticationCredential` in place of `oauth` the mechanism is BasicAuthRequireTLS. graph speaks no SMTP: it hands mail to",
    "Microsoft Graph over HTTPS, and takes the settings of the table, the four limits, oauth, senderMailboxes and",
    "overflowConnector only.",
    "",
    "| preset | stands in for |",
    "| --- | --- |",
    ...presetNames.map((name) => `| \`${name}\` | ${presetText(presetSettings(name, plainPreset))} |`),
    "",
    "## directory",
    "",
    "Where users are looked for that the file does not name ([accounts and rights](accounts-and-rights.md)). Each of `groups` has",
    "`name`, the group's DN, and sendAs, receiveConnectors, messageRateLimit and recipientRateLimit as a user has.",
    "",
    ...table(directorySchema.shape),
    "",
    "## tokenIssuers",
    "",
    "Whose tokens clients log on with, where a receive connector's authMechanism has OAuth ([accounts and rights](accounts-and-rights.md)).",
    "",
    ...table(tokenIssuerSchema.shape),
    "",
    "## users",
    "",
    ...table(userSchema.shape),
    "",
    "## apiKeys",
    "",
    "Keys that programs hand mail in with over HTTP ([accounts and rights](accounts-and-rights.md)); `New-ApiKey` makes one.",
    "",
    ...table(apiKeySchema.shape),
    "",
    "## applications",
    "",
    "Names for sources: who is meant stands in events, `Get-Connection`, `weir explain` and the console.",
    "",
    ...table(applicationSchema.shape),
    "",
    "## addressRewriteEntries",
    "",
    "Other senders on the way out: in the envelope's reverse-path and in the fields From and Sender. The entry for the address",
    'itself decides, else that for its domain, the nearest domain above it, or `"*"`; one entry alone, once. What stands on disk,',
    "in tracking and in reports stays what the application sent; the null reverse-path stays, too. `senderMailboxes` of a send",
    "connector is asked with the new sender: it says who logs on, and changes no message.",
    "",
    ...table(addressRewriteEntrySchema.shape),
    "",
    "## transport",
    "",
    ...table(transportSchema.shape),
    "",
    "## dkimKeys",
    "",
    ...table(dkimKeySchema.shape),
    "",
    "## dkim",
    "",
    ...table(dkimSchema.shape),
    "",
    "## webhooks",
    "",
    "URLs that are told of events ([webhooks](webhooks.md)).",
    "",
    ...table(webhookSchema.shape),
    "",
    "## diagnostics",
    "",
    ...table(diagnosticsSchema.shape),
    "",
    "## logging",
    "",
    ...table(loggingSchema.shape),
    "",
    "## cluster",
    "",
    "Several nodes that share one queue and one set of limits ([several nodes](several-nodes.md)). A change takes effect at the next start.",
    "",
    ...table(clusterSchema.shape),
    "",
    "### database",
    "",
    ...table(clusterDatabaseSchema.shape),
    "",
    "`tls` has `caFile`: a PEM file of the CA of the servers' certificates; without it the system's CAs count.",
    "",
    "## admin",
    "",
    ...table(adminSchema.shape),
    "",
    "## metrics",
    "",
    ...table(metricsSchema.shape),
    "",
    "## Other spellings",
    "",
    `Taken for the names above: ${[...aliases].map(([alias, name]) => `\`${alias}\` for \`${name}\``).join(", ")}, and both`,
    "`connectionInactivityTimeout` and `connectionInactivityTimeOut` on both kinds of connector.",
    "",
    "## Not supported",
    "",
    "Settings and values of Exchange that are refused by name.",
    "",
    "| section | setting | why |",
    "| --- | --- | --- |",
    ...Object.entries(refusedSettings).flatMap(([section, reasons]) =>
      Object.entries(reasons).map(([name, reason]) => `| ${section} | \`${name}\` | ${cell(reason)} |`),
    ),
    ...Object.entries(refusedValues).flatMap(([setting, reasons]) =>
      Object.entries(reasons).map(([value, reason]) => `| | \`${setting}: ${value}\` | ${cell(reason)} |`),
    ),
    "",
  ].join("\n");
}

function table(shape: Shape): string[] {
  return [
    "| setting | type and range | default | meaning |",
    "| --- | --- | --- | --- |",
    ...Object.entries(shape).map(
      ([name, schema]) =>
        `| \`${name}\` | ${cell(typeText(schema))} | ${defaultText(name, schema, shape)} | ${cell(schema.description ?? "")} |`,
    ),
  ];
}

function typeText(schema: z.ZodType): string {
  const type = unwrapped(schema);
  const kind = type instanceof z.ZodType ? kinds.get(type) : undefined;
  if (!kind) return "section";
  return kind.range === undefined ? kind.kind : `${kind.kind}: ${kind.range}`;
}

function defaultText(name: string, schema: z.ZodType, shape: Shape): string {
  const computed = computedDefaults.get(schema)?.default;
  if (computed !== undefined) return cell(computed);
  if (!(schema instanceof z.ZodPrefault)) return "**must be given**";
  const value = literal(schema.def.defaultValue);
  const atDefault =
    shape === receiveConnectorSchema.shape
      ? (defaultConnectorValues as Readonly<Record<string, unknown>>)[name]
      : undefined;
  return atDefault === undefined ? value : `${value}; usage \`default\`: ${literal(atDefault)}`;
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "empty" : `\`[${value.join(", ")}]\``;
  if (typeof value === "string") return value === "" ? "empty" : `\`${value}\``;
  if (typeof value === "number" || typeof value === "boolean") return `\`${value}\``;
  return "empty";
}

function presetText(presets: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(presets).map(([name, value]) => `${name} ${literal(value)}`);
  return entries.length === 0 ? "nothing" : entries.join("; ");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
