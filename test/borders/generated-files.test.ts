import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { generatedFiles } from "../../scripts/generate-docs.ts";
import { configurationJsonSchema } from "../../src/config/json-schema.ts";
import { receiveConnectorSchema } from "../../src/config/receive-connector-schema.ts";

describe("what is made from the schema", () => {
  it("is what stands in the repository; npm run docs writes it", async () => {
    for (const [path, text] of await generatedFiles()) {
      expect(await readFile(new URL(`../../${path}`, import.meta.url), "utf8"), path).toBe(text);
    }
  });

  it("describes every setting", () => {
    interface Node {
      readonly description?: string;
      readonly items?: Node;
      readonly properties?: Readonly<Record<string, Node>>;
    }
    const undescribed: string[] = [];
    const walk = (node: Node, path: string): void => {
      for (const [name, child] of Object.entries(node.properties ?? {})) {
        if (!child.description) undescribed.push(`${path}${name}`);
        walk(child, `${path}${name}.`);
        if (child.items) walk(child.items, `${path}${name}[].`);
      }
    };
    walk(configurationJsonSchema(), "");
    expect(undescribed).toEqual([]);
    expect(Object.keys(receiveConnectorSchema.shape)).toContain("maxInboundConnectionPerSource");
  });
});
