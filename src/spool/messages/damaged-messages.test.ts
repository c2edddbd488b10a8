import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BodyFiles } from "../bodies/body-file.ts";
import { setRemainsAside, type Remains } from "./damaged-messages.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-damaged-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const text = (name: string): Promise<string> => readFile(join(directory, "damaged", name), "utf8");

test.each<[string, Partial<Remains>, boolean, Record<string, string>, string[]]>([
  [
    "all of it",
    { record: Buffer.from("record"), state: Buffer.from("state") },
    true,
    { "7": "record", "7.state": "state" },
    ["7: the record", "7.state: the unfinished recipients", "7.body: the content"],
  ],
  ["a record alone", { record: Buffer.from("record") }, false, { "7": "record" }, ["7: the record"]],
  ["nothing", {}, false, { "7": "" }, ["7: the record"]],
])("%s is set aside, with word of what it is", async (_, remains, hasBody, files, named) => {
  const moved: string[] = [];
  const bodies = {
    moveTo: (id: number, path: string) => Promise.resolve((moved.push(`${id} ${path}`), hasBody)),
  } as unknown as BodyFiles;
  const whole = { id: 7, what: "it does not match", record: undefined, state: undefined, ...remains };
  for (let times = 0; times < 2; times++)
    expect(await setRemainsAside(directory, bodies, whole)).toBe(join(directory, "damaged", "7"));
  expect(moved[0]).toBe(`7 ${join(directory, "damaged", "7.body")}`);
  for (const [name, content] of Object.entries(files)) expect(await text(name)).toBe(content);
  expect((await readdir(join(directory, "damaged"))).toSorted()).toEqual(
    [...Object.keys(files), "7.txt"].toSorted(),
  );
  for (const name of await readdir(join(directory, "damaged")))
    expect((await stat(join(directory, "damaged", name))).mode & 0o777, name).toBe(0o600);
  const [first, ...lines] = (await text("7.txt")).trimEnd().split("\n");
  expect(first).toBe("Message 7 was set aside: it does not match.");
  expect(lines.map((line) => line.replace(/ \(.*$/, ""))).toEqual(named);
  expect(lines[0]?.endsWith("; missing")).toBe(remains.record === undefined);
  expect((await stat(join(directory, "damaged"))).mode & 0o777).toBe(0o700);
  expect((await stat(join(directory, "damaged", "7"))).mode & 0o777).toBe(0o600);
});
