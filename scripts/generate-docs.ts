/** Writes what is made from the code: JSON Schema, references, and the facts of settings shell and console know. `npm run docs` */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { openApiDocument } from "../src/admin/openapi.ts";
import { configurationJsonSchemaText } from "../src/config/json-schema.ts";
import { configurationReference } from "../src/config/reference.ts";
import { settingFacts } from "../src/config/setting-facts.ts";
import { cmdletsReference } from "./references/cmdlets.ts";
import { eventsReference } from "./references/events.ts";
import { exchangeWordsReference } from "./references/exchange-words.ts";
import { limitsReference } from "./references/limits.ts";
import { metricsReference } from "./references/metrics.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The files that are made from the code, by path, with what they must contain. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const style = await resolveConfig(`${root}docs/configuration.md`);
  const written = (text: string, parser: "markdown" | "typescript") => format(text, { ...style, parser });
  return new Map([
    ["docs/openapi.json", await format(JSON.stringify(openApiDocument()), { ...style, parser: "json" })],
    ["schema/weir.schema.json", configurationJsonSchemaText()],
    ["docs/configuration.md", await written(configurationReference(), "markdown")],
    ["docs/cmdlets.md", await written(cmdletsReference(), "markdown")],
    ["docs/exchange-words.md", await written(exchangeWordsReference(), "markdown")],
    ["docs/events.md", await written(eventsReference(), "markdown")],
    ["docs/limits.md", await written(limitsReference(), "markdown")],
    ["docs/metrics.md", await written(metricsReference(), "markdown")],
    ["src/config/generated/setting-facts.ts", await written(settingFactsModule(), "typescript")],
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
