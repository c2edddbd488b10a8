/** Writes what is made from the code: the JSON Schema of the configuration and its reference. `npm run docs` */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { configurationJsonSchemaText } from "../src/config/json-schema.ts";
import { configurationReference } from "../src/config/reference.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The files that are made from the code, by path, with what they must contain. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const style = await resolveConfig(`${root}docs/configuration.md`);
  return new Map([
    ["schema/weir.schema.json", configurationJsonSchemaText()],
    ["docs/configuration.md", await format(configurationReference(), { ...style, parser: "markdown" })],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of await generatedFiles()) {
    await mkdir(dirname(root + path), { recursive: true });
    await writeFile(root + path, text);
    process.stdout.write(`${path}\n`);
  }
}
