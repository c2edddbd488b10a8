import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { meantRelay } from "./data-directory.ts";
import { CommandFault } from "./exit-code.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "weir-meant-"));
});
afterEach(() => rm(folder, { recursive: true }));

it.each([
  ["dataDirectory: ./spool data\n", "spool data"],
  ["hostname: a\r\ndataDirectory:   d   # comment\r\n", "d"],
  ['dataDirectory: "d # 1"\n', "d # 1"],
  ["dataDirectory: 'd'\n", "d"],
  ["dataDirectory: 'o''neill'\n", "o'neill"],
  ['dataDirectory: "tab\\tbed"\n', "tab\tbed"],
  ["dataDirectory:\n  below\n", "below"],
  ["{ hostname: a, dataDirectory: flow }\n", "flow"],
  ["dataDirectory: a\ndataDirectory: b\n", "data"],
  ["# dataDirectory: x\nhostname: a\n", "data"],
  ["dataDirectory: &anchor d\n", "d"],
  ["hostname: a\n", "data"],
  ["dataDirectory: d\nreceiveConnectors: [ faulty\n", "d"],
  ["", "data"],
])("%j: %s", async (text, directory) => {
  const file = join(folder, "weir.yaml");
  await writeFile(file, text);
  expect(await meantRelay(file)).toEqual({ configFile: file, dataDirectory: join(folder, directory) });
});

it("absolute paths stay", async () => {
  const file = join(folder, "weir.yaml");
  await writeFile(file, "dataDirectory: /var/spool/weir\n");
  expect((await meantRelay(file)).dataDirectory).toBe("/var/spool/weir");
});

it("without a file it is not known which relay is meant", async () => {
  const asked = meantRelay(join(folder, "none.yaml"));
  await expect(asked).rejects.toBeInstanceOf(CommandFault);
  await expect(asked).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining("none.yaml") });
});
