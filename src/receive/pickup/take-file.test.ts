/** One file on its way into the spool, where the file system or the relay says no at one of the steps. */
import type { Stats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import { SpoolError } from "../../spool/spool.ts";
import { createTestSubmissions } from "../../testing/test-submissions.ts";
import type { DirectoryFiles } from "./directory-files.ts";
import { takeFile } from "./take-file.ts";

const message = "From: a@s.test\r\nTo: b@d.test\r\n\r\nbody\r\n";
const statsOf = (given: Partial<Stats> = {}): Stats =>
  ({
    ino: 1,
    dev: 2,
    size: message.length,
    mtimeMs: 4,
    nlink: 1,
    isFile: () => true,
    isDirectory: () => false,
    isSymbolicLink: () => false,
    isFIFO: () => false,
    ...given,
  }) as Stats;
const fault = (code: string): Error => Object.assign(new Error(`${code}: x`), { code });

interface Given {
  readonly content?: string;
  readonly stats?: Partial<Stats>;
  /** As it is when it is opened, and when it was renamed. */
  readonly opened?: Partial<Stats>;
  readonly renamed?: Partial<Stats> | "gone";
  readonly fails?: Partial<Record<"open" | "rename" | "remove" | "restore", Error>>;
  /** Of the syncs the n-th, from 0. */
  readonly failsToSync?: number;
  readonly refuses?: "full" | "failed";
  readonly connector?: Partial<ReceiveConnectorSettings>;
}

async function taken({ content = message, connector, ...given }: Given = {}) {
  const it = createTestSubmissions(connector);
  if (given.refuses !== undefined) {
    const { refuses } = given;
    it.spool.accept = () => Promise.reject(new SpoolError(refuses, refuses));
  }
  const done: string[] = [];
  let syncs = 0;
  const step = (name: keyof NonNullable<Given["fails"]>, what: string): Promise<void> => {
    const failure = given.fails?.[name];
    if (failure !== undefined) return Promise.reject(failure);
    done.push(`${name} ${what}`.replaceAll(/\d{6,}/g, "ID"));
    return Promise.resolve();
  };
  const asOpened = { size: content.length, ...given.stats, ...given.opened };
  const opened = statsOf(asOpened);
  const files: DirectoryFiles = {
    directory: "/d",
    list: () => Promise.resolve([]),
    look: () =>
      Promise.resolve(given.renamed === "gone" ? undefined : statsOf({ ...asOpened, ...given.renamed })),
    async open(name) {
      await step("open", name);
      return {
        stat: () => Promise.resolve(opened),
        read: (chunk: Buffer, offset: number, length: number, position: number) =>
          Promise.resolve({
            bytesRead: Buffer.from(content).copy(chunk, offset, position, position + length),
          }),
        close: () => Promise.resolve(void done.push("close")),
      } as unknown as FileHandle;
    },
    rename: (from, to) => step("rename", `${from} ${to}`),
    remove: (name) => step("remove", name),
    restore: (from, to, otherwise) => step("restore", `${from} ${to} ${otherwise}`),
    sync: () => (syncs++ === given.failsToSync ? Promise.reject(fault("EIO")) : Promise.resolve()),
  };
  const told: string[] = [];
  const result = await takeFile("x.eml", statsOf({ size: content.length, ...given.stats }), {
    kind: "Pickup",
    files,
    limits: { maxHeaderBytes: 65_536, maxRecipients: 10, hostname: "r.test" },
    submissions: it.submissions,
    submitter: () => it.submitter,
    clock: it.clock,
    tell: (name, error) => void told.push(`${name.replaceAll(/\d{6,}/g, "ID")}: ${error}`),
  }).catch((error: unknown) => ({ kind: "fault", reason: String(error) }));
  return { result, done, told, kept: it.spool.size };
}

test("is renamed to its message's id, kept, and removed before anybody has the message", async () => {
  expect(await taken()).toEqual({
    result: { kind: "kept" },
    done: ["open x.eml", "rename x.eml x.ID.weir.tmp", "remove x.ID.weir.tmp", "close"],
    told: [],
    kept: 1,
  });
});

describe("what is no file, or not its own, is called bad unopened", () => {
  const noFile = { isFile: () => false };
  test.each<[string, Partial<Stats>]>([
    ["it is a directory, no file", { ...noFile, isDirectory: () => true }],
    ["it is a symbolic link, no file", { ...noFile, isSymbolicLink: () => true }],
    ["it is a pipe, no file", { ...noFile, isFIFO: () => true }],
    ["it is a device or socket, no file", noFile],
    ["it is a hard link to another file", { nlink: 2 }],
  ])("%s", async (reason, stats) => {
    expect(await taken({ stats })).toMatchObject({ result: { kind: "bad", reason }, done: [] });
  });
});

test.each<[string, Given, string[]]>([
  ["is another one when it is opened", { opened: { ino: 9 } }, ["open x.eml", "close"]],
  ["is no file any more when it is opened", { opened: { isFile: () => false } }, ["open x.eml", "close"]],
  ["is gone when it is to be opened", { fails: { open: fault("ENOENT") } }, []],
  ["is gone when it is to be renamed", { fails: { rename: fault("ENOENT") } }, ["open x.eml", "close"]],
  [
    "is another one when it was renamed",
    { renamed: { ino: 9 } },
    ["open x.eml", "rename x.eml x.ID.weir.tmp", "restore x.ID.weir.tmp x.eml x.ID.eml", "close"],
  ],
  [
    "is gone when it was renamed",
    { renamed: "gone" },
    ["open x.eml", "rename x.eml x.ID.weir.tmp", "restore x.ID.weir.tmp x.eml x.ID.eml", "close"],
  ],
])("one that %s is looked at again", async (_, given, done) => {
  expect(await taken(given)).toEqual({ result: { kind: "changed" }, done, told: [], kept: 0 });
});

test.each<[string, Given, string[]]>([
  ["cannot be opened", { fails: { open: fault("EACCES") } }, []],
  ["cannot be renamed", { fails: { rename: fault("EROFS") } }, ["open x.eml", "close"]],
  [
    "gets a name that does not last",
    { failsToSync: 0 },
    ["open x.eml", "rename x.eml x.ID.weir.tmp", "restore x.ID.weir.tmp x.eml x.ID.eml", "close"],
  ],
  [
    "gets such a name, and its own not back",
    { failsToSync: 0, fails: { restore: fault("EROFS") } },
    ["open x.eml", "rename x.eml x.ID.weir.tmp", "close"],
  ],
])("one that %s stays, with what the file system says", async (_, given, done) => {
  const { result, ...rest } = await taken(given);
  expect(result).toEqual({ kind: "fault", reason: expect.stringMatching(/^Error: E(ACCES|ROFS|IO): x$/) });
  expect(rest).toEqual({ done, told: [], kept: 0 });
});

test.each<[string, Given]>([
  ["removed", { fails: { remove: fault("EROFS") } }],
  ["removed for good", { failsToSync: 1 }],
])("its message is kept though it cannot be %s, and a person told", async (_, given) => {
  const { result, told, kept } = await taken(given);
  expect([result, kept]).toEqual([{ kind: "kept" }, 1]);
  expect(told).toEqual([
    expect.stringMatching(/^x\.ID\.weir\.tmp: its message was taken, .*: E(ROFS|IO): x$/),
  ]);
});

test("where the disk is full it gets its name back; where it broke nobody knows what was kept", async () => {
  const claimed = ["open x.eml", "rename x.eml x.ID.weir.tmp", "close"];
  expect(await taken({ refuses: "full" })).toEqual({
    result: { kind: "wait" },
    done: [...claimed, "restore x.ID.weir.tmp x.eml x.ID.eml"],
    told: [],
    kept: 0,
  });
  expect(await taken({ refuses: "failed" })).toEqual({
    result: { kind: "wait" },
    done: claimed,
    told: [expect.stringMatching(/^x\.ID\.weir\.tmp: it is not known whether/)],
    kept: 0,
  });
});

describe("one that is refused", () => {
  const several = message.replace("b@d.test", "b@d.test, c@d.test");
  test.each<[string, Given, object]>([
    ["for now waits", { connector: { messageRateLimit: 0 } }, { kind: "wait" }],
    [
      "for good is bad, each recipient with its reply",
      { content: several, connector: { anonymousRelay: false } },
      {
        kind: "bad",
        reason: expect.stringMatching(/^<b@d\.test>: 550 5\.7\.54 .+; <c@d\.test>: 550 5\.7\.54 /) as string,
      },
    ],
    [
      "for its recipients' number is no other one by waiting",
      { content: several, connector: { maxRecipientsPerMessage: 1 } },
      { kind: "bad", reason: expect.stringMatching(/^<c@d\.test>: 452 4\.5\.3 /) as string },
    ],
    [
      "as a whole has no recipient in front",
      { content: `${message}\0`, connector: { requireTls: true } },
      { kind: "bad", reason: expect.stringMatching(/^\d{3} \d\.\d\.\d+ \w/) as string },
    ],
    [
      "for what it is no message",
      { content: "x" },
      { kind: "bad", reason: "no empty line stands behind its header" },
    ],
  ])("%s", async (_, given, result) => {
    expect(await taken(given)).toMatchObject({ result, kept: 0, done: ["open x.eml", "close"] });
  });
});
