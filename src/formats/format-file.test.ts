import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { version } from "../version.ts";
import { dataFormats, type StoreFormats } from "./data-formats.ts";
import {
  checkDataFormats,
  FormatError,
  formatFile,
  moveDataFormatsForward,
  unfinishedRestoreFile,
} from "./format-file.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-formats-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const marks = async (): Promise<unknown> => JSON.parse(await readFile(join(directory, formatFile), "utf8"));
const spoolOf = (format: number, forward: StoreFormats[string]["forward"] = {}): StoreFormats => ({
  spool: { format, needs: `0.${format}.0`, place: "spool", forward },
});

test("an empty directory, and one from before there were marks, are marked", async () => {
  await checkDataFormats(directory);
  await moveDataFormatsForward(directory);
  expect(await marks()).toEqual({
    writtenBy: version,
    formats: Object.fromEntries(
      Object.entries(dataFormats).map(([name, { format, needs }]) => [name, { format, needs }]),
    ),
  });
});

test("marks that are right are not written again", async () => {
  await moveDataFormatsForward(directory);
  const before = await stat(join(directory, formatFile));
  await moveDataFormatsForward(directory);
  expect((await stat(join(directory, formatFile))).ino).toBe(before.ino);
});

test("a later format is refused with the release it needs, and nothing is changed", async () => {
  await moveDataFormatsForward(directory, {
    ...spoolOf(12),
    tracking: { format: 3, needs: "0.9.4", place: "logs" },
  });
  const before = await readFile(join(directory, formatFile), "utf8");
  const refusal = checkDataFormats(directory, {
    ...spoolOf(2),
    tracking: { format: 2, needs: "0.2.0", place: "logs" },
  });
  await expect(refusal).rejects.toThrow(FormatError);
  await expect(refusal).rejects.toThrow(
    `${directory} needs Weir 0.12.0 or later, and this is Weir ${version}: it was written by Weir ${version}, and its spool (spool) has format 12, known is 2; tracking (logs) has format 3, known is 2; nothing was changed`,
  );
  expect(await readdir(directory)).toEqual([formatFile]);
  expect(await readFile(join(directory, formatFile), "utf8")).toBe(before);
});

test("a store this release does not know is no reason to refuse, and stays marked", async () => {
  await moveDataFormatsForward(directory, {
    ...spoolOf(1),
    later: { format: 7, needs: "0.7.0", place: "later" },
  });
  await checkDataFormats(directory, spoolOf(1));
  await moveDataFormatsForward(directory, spoolOf(1));
  expect(await marks()).toMatchObject({ formats: { later: { format: 7, needs: "0.7.0" } } });
});

test("steps run in order from the format there is, and again after an end in the middle", async () => {
  await moveDataFormatsForward(directory, spoolOf(1));
  const done: number[] = [];
  const steps = (fails: boolean) =>
    spoolOf(3, {
      1: () => Promise.reject(new Error("done long ago")),
      2: async () => void done.push(2),
      3: async () => {
        done.push(3);
        if (fails) throw new Error("the power is gone");
      },
    });
  await expect(moveDataFormatsForward(directory, steps(true))).rejects.toThrow("the power is gone");
  expect(await marks()).toMatchObject({ formats: { spool: { format: 1 } } });
  await moveDataFormatsForward(directory, steps(false));
  expect(done).toEqual([2, 3, 2, 3]);
  expect(await marks()).toMatchObject({ formats: { spool: { format: 3, needs: "0.3.0" } } });
});

test.each(["", "{", '{"formats":{"spool":{"format":"2","needs":"1"}}}', "null"])(
  "marks that cannot be read are refused: %j",
  async (text) => {
    await writeFile(join(directory, formatFile), text);
    await expect(checkDataFormats(directory)).rejects.toThrow("does not say which formats");
  },
);

test("a restore that did not end is refused", async () => {
  await mkdir(join(directory, "spool"));
  await writeFile(join(directory, unfinishedRestoreFile), "");
  await expect(checkDataFormats(directory)).rejects.toThrow("run weir restore again");
});
