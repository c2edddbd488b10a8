import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { routes } from "./routes.ts";

const files = readdirSync(new URL("routes/", import.meta.url)).filter((file) => file !== "route.ts");

/** All names of what a file exports as `…Routes` or `…Operations`. */
async function namesIn(file: string, ending: RegExp): Promise<string[]> {
  const exported = (await import(new URL(file, import.meta.url).href)) as Record<string, object>;
  return Object.entries(exported)
    .filter(([name]) => ending.test(name))
    .flatMap(([, all]) => Object.keys(all))
    .toSorted();
}

test("an operation's route and contract stand in files of the same name", async () => {
  const all: string[] = [];
  for (const file of files) {
    const names = await namesIn(`routes/${file}`, /Routes$/);
    expect([file, names]).toEqual([file, await namesIn(`contract/${file}`, /Operations$/)]);
    all.push(...names);
  }
  // Two of one name would be one.
  expect(all.toSorted()).toEqual(Object.keys(routes).toSorted());
});

test("no two are asked for in the same way", () => {
  const asked = Object.values(routes).map(
    ({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, "{}")}`,
  );
  expect(asked.filter((one, index) => asked.indexOf(one) !== index)).toEqual([]);
});
