import { Script } from "node:vm";
import { SourceMap } from "node:module";
import { pathToFileURL } from "node:url";
import { afterEach, expect, test } from "vitest";
import { nameSources } from "./source-positions.ts";

const before = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
afterEach(() => {
  if (before === undefined) Reflect.deleteProperty(Error, "prepareStackTrace");
  else Object.defineProperty(Error, "prepareStackTrace", before);
});

/** Everything of a file is at line 10, column 5 of one source. */
const map = new SourceMap({
  version: 3,
  file: "a.js",
  sources: ["../src/receive/there.ts"],
  sourcesContent: [],
  names: [],
  mappings: "AASI",
  sourceRoot: "",
});

test("a stack has the places of the sources, and functions as the engine names them", () => {
  const here = pathToFileURL(import.meta.filename).href;
  nameSources((url) => (url === here || url === import.meta.filename ? map : undefined));
  const fault = vmFault(here);
  expect(fault.stack).toMatch(/^TypeError: no such thing\n {4}at breaking \(src\/receive\/there\.ts:10:5\)/);
});

test("without a map the place is the file's own", () => {
  nameSources(() => undefined);
  expect(vmFault("file:///nowhere/a.js").stack).toContain("at breaking (file:///nowhere/a.js:1:");
});

test("an error that cannot be printed has a stack nevertheless", () => {
  nameSources(() => undefined);
  const fault = new Error("x");
  fault.toString = () => {
    throw new Error("not even this");
  };
  Object.defineProperty(fault, "message", {
    get() {
      throw new Error("nor this");
    },
  });
  expect(fault.stack).toMatch(/^(an error that cannot be printed|Error: x)\n/);
});

function vmFault(url: string): Error {
  try {
    new Script(`(function breaking() { throw new TypeError("no such thing"); })`, {
      filename: url,
    }).runInThisContext()();
  } catch (fault) {
    return fault as Error;
  }
  throw new Error("it did not break");
}
