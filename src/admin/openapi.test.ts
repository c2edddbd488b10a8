import { expect, test } from "vitest";
import { operations, routes, type OperationName } from "./contract.ts";
import { openApiDocument } from "./openapi.ts";

const document = openApiDocument();
const names = Object.keys(routes) as OperationName[];

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: { properties: object } }>>;
  };
  readonly responses: Readonly<Record<string, unknown>>;
}

test.each(names)("%s is told with all of its input", (name) => {
  const { path, method } = routes[name];
  const told = document.paths[path]?.[method.toLowerCase()] as Operation;
  expect(told.operationId).toBe(name);
  const placed = (told.parameters ?? []).filter((it) => it.in === "path");
  expect(placed.map((it) => it.name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, key]) => key));
  expect(placed.every(({ required }) => required)).toBe(true);
  const inBody = Object.keys(told.requestBody?.content["application/json"]?.schema.properties ?? {});
  expect([...(told.parameters ?? []).map((it) => it.name), ...inBody].toSorted()).toEqual(
    Object.keys(operations[name].input.shape).toSorted(),
  );
  expect(Object.keys(told.responses)).toEqual(["200", "default"]);
});

test("every reference leads somewhere", () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, it = ""]) => it);
  expect(references.length).toBeGreaterThan(0);
  for (const reference of new Set(references)) {
    const [root, ...segments] = reference.split("/");
    expect(root).toBe("#");
    let place: unknown = document;
    for (const segment of segments) place = (place as Readonly<Record<string, unknown>>)[segment];
    expect(place, reference).toBeTypeOf("object");
  }
});
