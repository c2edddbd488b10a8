import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { meantRelay, whyUnreadable } from "./data-directory.ts";
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

it.each([
  ["EACCES", false, "w.yaml may not be read by this user: run the command as the user the relay runs as"],
  ["EPERM", true, "or as root"],
  [
    "ENOENT",
    false,
    "there is no w.yaml, so it is not known which relay is meant; name the relay's configuration",
  ],
  ["ENOENT", true, "check --config or WEIR_CONFIG"],
  ["EIO", true, "w.yaml cannot be read: EIO: i/o error"],
])("%s, named %s: %s", (code, chosen, words) => {
  const message = `${code}: i/o error`;
  expect(whyUnreadable("w.yaml", { code, message }, chosen)).toContain(words);
});
