/** The JSON Schema of the configuration file, for editors. */
import { z } from "zod";
import { configurationSchema } from "./configuration-schema.ts";
import { unwrapped } from "./issues.ts";
import { receiveConnectorSchema } from "./receive-connector-schema.ts";
import { kinds } from "./value-type.ts";

/** JSON Schema draft 7, which most editors read. */
export function configurationJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(configurationSchema, {
    io: "input",
    target: "draft-7",
    override: ({ zodSchema, jsonSchema }) => {
      // What else must be given, a usage may preset.
      if (zodSchema === receiveConnectorSchema) jsonSchema.required = ["name"];
      const type = unwrapped(zodSchema);
      const range = type instanceof z.ZodType ? kinds.get(type)?.range : undefined;
      if (range !== undefined && typeof jsonSchema.description === "string" && !jsonSchema.enum) {
        jsonSchema.description += ` (${range})`;
      }
    },
  });
  return { $schema, title: "Weir configuration", description: "The file weir.yaml.", ...schema };
}

export function configurationJsonSchemaText(): string {
  return `${JSON.stringify(configurationJsonSchema(), undefined, 2)}\n`;
}
