import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { catalogue, categories } from "./catalogue.ts";

const src = fileURLToPath(new URL("..", import.meta.url));
const code = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && file !== join("events", "catalogue.ts"),
  )
  .map((file) => readFileSync(join(src, file), "utf8"))
  .join("\n");

test("each event is told somewhere, and has an id of its own", () => {
  expect(Object.keys(catalogue).filter((name) => !code.includes(`"${name}"`))).toEqual([]);
  const ids = Object.values(catalogue).map(({ id }) => id);
  expect(ids.length).toBe(new Set(ids).size);
});

test("each category has events", () => {
  const used = new Set<string>(Object.values(catalogue).map(({ category }) => category));
  expect(categories.filter((category) => !used.has(category))).toEqual([]);
});
