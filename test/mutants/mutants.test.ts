import { expect, it } from "vitest";
import { chooseTests } from "./choose-tests.ts";
import { findEquivalent, parseEquivalents } from "./equivalent.ts";
import { distancesTo, importedBy } from "./import-graph.ts";
import { killedPercent } from "./verdict.ts";

it("what runs when a file is loaded: not its types, but its threads", () => {
  const source = `
    import type { A } from "./a.ts"; import { type B } from "./b.ts"; import { type C, d } from "./d.ts";
    import "./e.ts"; export { f } from "./f.ts"; export type { G } from "./g.ts"; export * from "./h.ts";
    const i = await import("./i.ts"); startThread(import.meta.url, "j-worker", {}); import k from "k";`;
  expect(importedBy(source)).toEqual(["./d.ts", "./e.ts", "./f.ts", "./h.ts", "./i.ts", "./j-worker.ts"]);
});

it("the nearest tests come first, of those the ones named alike, and slow ones never", () => {
  const graph = new Map([
    ["src/a/x.test.ts", ["src/a/x.ts"]],
    ["src/b/y.test.ts", ["src/b/y.ts"]],
    ["src/a/z.test.ts", ["src/b/y.ts"]],
    ["test/journeys/shell.test.ts", ["src/a/x.ts"]],
    ["src/b/y.ts", ["src/a/x.ts"]],
    ["src/c/else.test.ts", []],
  ]);
  const distances = distancesTo("src/a/x.ts", graph);
  expect(chooseTests({ distances, atMost: 9, mutatedFile: "src/a/x.ts" })).toEqual([
    "src/a/x.test.ts",
    "src/a/z.test.ts",
    "src/b/y.test.ts",
  ]);
  expect(chooseTests({ distances, atMost: 1, mutatedFile: "src/a/x.ts" })).toEqual(["src/a/x.test.ts"]);
});

it("an equivalent mutant is known by file and text, wherever it stands", () => {
  const [known] = parseEquivalents('- { file: a.ts, was: "if (a)\\n  b();", becomes: "b();", why: c }');
  const difference = { line: 7, was: ["    if (a)", "      b();"], becomes: ["    b();"] };
  const equivalents = known === undefined ? [] : [known];
  expect(findEquivalent("a.ts", difference, equivalents)).toBe(known);
  expect(findEquivalent("b.ts", difference, equivalents)).toBeUndefined();
  expect(findEquivalent("a.ts", { ...difference, becomes: ["c();"] }, equivalents)).toBeUndefined();
});

it("what the compiler refuses and what changes nothing does not count; a time-out is a kill, unless the machine had no time", () => {
  expect(killedPercent(["killed", "timeout", "survived", "refused", "equivalent", "no time"])).toBe(66);
  expect(killedPercent(["killed", "no test"])).toBe(50);
  expect(killedPercent(["refused"])).toBeUndefined();
});
