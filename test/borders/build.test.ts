/** What the program starts as a thread, or loads late, is in its build. Needs the build. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

test("each thread that is started is a file of its own in dist/", () => {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
  );
  const started = sources.flatMap((file) =>
    Array.from(
      readFileSync(join(root, "src", file), "utf8").matchAll(/startThread\(import\.meta\.url, "([^"]+)"/g),
      ([, name]) => name,
    ),
  );
  expect(started).toContain("search-worker");
  expect(started.filter((name) => !existsSync(join(root, "dist", `${name}.cjs`)))).toEqual([]);
});

test("no part imports while it runs: what was kept compiled of it could not", () => {
  const parts = readdirSync(join(root, "dist")).filter((name) => name.endsWith(".cjs"));
  expect(parts.length).toBeGreaterThan(100);
  const importing = parts.filter((name) =>
    /[^\w.$]import\(["'](?:node:|\.|[a-z])/.test(readFileSync(join(root, "dist", name), "utf8")),
  );
  expect(importing).toEqual([]);
});
