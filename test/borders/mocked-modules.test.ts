/** Test files share their processes, and a mocked module with them: only files that have one to themselves may mock. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const mocks = /\bvi\.(?:do)?mock\(/iu;

test("modules are mocked in *.mocked.test.ts alone", () => {
  const files = ["src", "test"]
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
    )
    .filter((file) => file.endsWith(".ts") && mocks.test(readFileSync(file, "utf8")));
  expect(files).not.toEqual([]);
  expect(files.filter((file) => !file.endsWith(".mocked.test.ts"))).toEqual([]);
});
