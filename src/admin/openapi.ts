/** The admin API as an OpenAPI 3.1 document, made from routes and schemas. Source: spec.openapis.org/oas/v3.1.0 */
import { z } from "zod";
import { version } from "../version.ts";
import { operations, type OperationName, routes } from "./contract.ts";
import { statusOf } from "./refusal.ts";

type Schema = Readonly<Record<string, unknown>>;

const errorReference = { $ref: "#/components/responses/Error" } as const;

/** Cost: some milliseconds; made once. */
export function openApiDocument() {
  const schemas: Record<string, Schema> = {
    Error: {
      type: "object",
      required: ["error"],
      properties: {
        error: {
          type: "object",
          required: ["code", "message"],
          properties: {
            code: { type: "string", enum: Object.keys(statusOf) },
            message: { type: "string" },
            faults: { type: "array", items: { type: "object" } },
          },
        },
      },
    },
  };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const name of Object.keys(routes) as OperationName[]) {
    const { path, method } = routes[name];
    (paths[path] ??= {})[method.toLowerCase()] = operation(name, schemas);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Weir admin API",
      version,
      description:
        "On the socket of the data directory, and on admin.console for who brings a token. Durations are milliseconds, sizes octets, instants ISO 8601 in UTC.",
    },
    security: [{ token: [] }, { session: [], csrf: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer" },
        session: { type: "apiKey", in: "cookie", name: "weir_session" },
        csrf: { type: "apiKey", in: "header", name: "x-weir-csrf" },
      },
      responses: {
        Error: {
          description: "It was not done.",
          content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
        },
      },
      schemas,
    },
  };
}

function operation(name: OperationName, schemas: Record<string, Schema>) {
  const { method, path, role, summary, ...rest } = routes[name];
  const { input, output } = operations[name];
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, key = ""]) => key);
  const asked = jsonSchemaOf(input, "input", `${name}Input`, schemas);
  const properties = Object.entries((asked["properties"] ?? {}) as Readonly<Record<string, Schema>>);
  const required = new Set((asked["required"] ?? []) as readonly string[]);
  const inQuery = method === "GET" || method === "DELETE";
  const others = properties.filter(([key]) => !inPath.includes(key));
  const parameters = properties
    .filter(([key]) => inQuery || inPath.includes(key))
    .map(([key, schema]) =>
      inPath.includes(key)
        ? { name: key, in: "path", required: true, schema }
        : { name: key, in: "query", required: required.has(key), schema },
    );
  const body = {
    type: "object",
    properties: Object.fromEntries(others),
    required: others.map(([key]) => key).filter((key) => required.has(key)),
    additionalProperties: false,
  };
  const mediaType =
    "octets" in rest ? rest.octets : "stream" in rest ? "text/event-stream" : "application/json";
  const answer = jsonSchemaOf(output, "output", `${name}Output`, schemas);
  return {
    operationId: name,
    summary,
    "x-weir-role": role,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(inQuery || others.length === 0
      ? {}
      : {
          requestBody: {
            required: body.required.length > 0,
            content: { "application/json": { schema: body } },
          },
        }),
    responses: {
      "200": {
        description: "stream" in rest ? "One event for each item." : "It was done.",
        content: { [mediaType]: { schema: answer } },
      },
      default: errorReference,
    },
  };
}

/** Definitions that zod puts beside a schema move to the document's components. */
function jsonSchemaOf(
  type: z.ZodType,
  io: "input" | "output",
  prefix: string,
  schemas: Record<string, Schema>,
): Schema {
  const { $schema: _, $defs = {}, ...schema } = z.toJSONSchema(type, { io, unrepresentable: "any" });
  const moved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(moved);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]): [string, unknown] => [
        key,
        key === "$ref" && typeof inner === "string"
          ? inner.replace("#/$defs/", `#/components/schemas/${prefix}`)
          : moved(inner),
      ]),
    );
  };
  for (const [key, definition] of Object.entries($defs)) schemas[prefix + key] = moved(definition) as Schema;
  return moved(schema) as Schema;
}
