/** `weir schema`: the JSON Schema of the configuration file. */
import { configurationJsonSchemaText } from "../config/json-schema.ts";

export function schemaCommand(): Promise<number> {
  process.stdout.write(configurationJsonSchemaText());
  return Promise.resolve(0);
}
