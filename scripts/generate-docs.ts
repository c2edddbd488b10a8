/** Writes what is made from the code: JSON Schema, references, and the facts of settings shell and console know. `npm run docs` */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { openApiDocument } from "../src/admin/openapi.ts";
import { configurationJsonSchemaText } from "../src/config/json-schema.ts";
import { configurationReference } from "../src/config/reference.ts";
import { settingFacts } from "../src/config/setting-facts.ts";
import { submissionApi } from "../src/receive/http/openapi.ts";
import { formatted } from "./formatted.ts";
import { cmdletsReference } from "./references/cmdlets.ts";
import { eventsReference } from "./references/events.ts";
import { exchangeWordsReference } from "./references/exchange-words.ts";
import { limitsReference } from "./references/limits.ts";
import { metricsReference } from "./references/metrics.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The files that are made from the code, by path, with what they must contain. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const written = async (path: string, text: string) => [path, await formatted(path, text)] as const;
  return new Map([
    await written("docs/openapi.json", JSON.stringify(openApiDocument())),
    await written("docs/http-submission.openapi.json", JSON.stringify(submissionApi())),
    ["schema/weir.schema.json", configurationJsonSchemaText()],
    await written("docs/configuration.md", configurationReference()),
    await written("docs/cmdlets.md", cmdletsReference()),
    await written("docs/exchange-words.md", exchangeWordsReference()),
    await written("docs/events.md", eventsReference()),
    await written("docs/limits.md", limitsReference()),
    await written("docs/metrics.md", metricsReference()),
    await written("src/config/generated/setting-facts.ts", settingFactsModule()),
  ]);
}

function settingFactsModule(): string {
  return `/** Written by \`npm run docs\` from the schema in src/config, so that shell and console need not load it. */
import type { SettingFact } from "../setting-facts.ts";

export const receiveConnectorFacts: readonly SettingFact[] = ${JSON.stringify(settingFacts("receiveConnectors"))};
export const sendConnectorFacts: readonly SettingFact[] = ${JSON.stringify(settingFacts("sendConnectors"))};
export const transportFacts: readonly SettingFact[] = ${JSON.stringify(settingFacts("transport"))};
export const addressRewriteEntryFacts: readonly SettingFact[] = ${JSON.stringify(settingFacts("addressRewriteEntries"))};
export const userFacts: readonly SettingFact[] = ${JSON.stringify(settingFacts("users"))};
export const apiKeyFacts: readonly SettingFact[] = ${JSON.stringify(settingFacts("apiKeys"))};
export const applicationFacts: readonly SettingFact[] = ${JSON.stringify(settingFacts("applications"))};
export const serviceFacts: readonly SettingFact[] = ${JSON.stringify(settingFacts("service"))};
export const webhookFacts: readonly SettingFact[] = ${JSON.stringify(settingFacts("webhooks"))};
export const dkimKeyFacts: readonly SettingFact[] = ${JSON.stringify(settingFacts("dkimKeys"))};
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of await generatedFiles()) {
    await mkdir(dirname(root + path), { recursive: true });
    await writeFile(root + path, text);
    process.stdout.write(`${path}\n`);
  }
}
