/** Which settings a file gives, and which hold by default. */
import { addressRewriteEntrySchema } from "./address-rewrite-entries.ts";
import {
  apiKeySchema,
  applicationSchema,
  dkimKeySchema,
  dkimSchema,
  configurationSchema,
  diagnosticsSchema,
  adminSchema,
} from "./configuration-schema.ts";
import { formatPath, type Path } from "./fault.ts";
import { profileOf } from "./receive-connector.ts";
import { receiveConnectorSchema } from "./receive-connector-schema.ts";
import { isSection, type Section } from "./section.ts";
import { presetOf } from "./send-connector-presets.ts";
import { sendConnectorSchema } from "./send-connector-schema.ts";
import { canonicalName } from "./setting-names.ts";
import { transportSchema } from "./transport-schema.ts";
import { webhookSchema } from "./webhook-schema.ts";

/** `default` includes what a usage presets; `preset`: what a send connector's preset stands in for, or a receive connector's profile. */
export type Origin = "set" | "default" | "preset";
/** By path, `receiveConnectors[0].maxMessageSize`; every setting of every connector, application and section is there. */
export type Origins = ReadonlyMap<string, Origin>;

const lists = {
  receiveConnectors: receiveConnectorSchema,
  sendConnectors: sendConnectorSchema,
  apiKeys: apiKeySchema,
  applications: applicationSchema,
  addressRewriteEntries: addressRewriteEntrySchema,
  dkimKeys: dkimKeySchema,
  webhooks: webhookSchema,
} as const;
const sections = {
  transport: transportSchema,
  dkim: dkimSchema,
  diagnostics: diagnosticsSchema,
  admin: adminSchema,
} as const;

const standIns: Readonly<Record<string, (raw: Section) => Readonly<Section> | undefined>> = {
  sendConnectors: presetOf,
  receiveConnectors: profileOf,
};

export function originsOf(root: Section): Origins {
  const origins = new Map<string, Origin>();
  const note = (path: Path, names: readonly string[], raw: unknown, preset: Section = {}): void => {
    const written = new Set(
      isSection(raw) ? Object.keys(raw).map((key) => canonicalName(key, String(path[0]))) : [],
    );
    for (const name of names)
      origins.set(
        formatPath([...path, name]),
        written.has(name) ? "set" : name in preset ? "preset" : "default",
      );
  };
  note([], Object.keys(configurationSchema.shape), root);
  for (const [key, schema] of Object.entries(lists)) {
    const entries: readonly unknown[] = Array.isArray(root[key]) ? root[key] : [];
    for (const [index, raw] of entries.entries()) {
      const preset = isSection(raw) ? standIns[key]?.(raw) : undefined;
      note([key, index], Object.keys(schema.shape), raw, preset);
    }
  }
  for (const [key, schema] of Object.entries(sections)) note([key], Object.keys(schema.shape), root[key]);
  return origins;
}
