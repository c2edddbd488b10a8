import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Envelope } from "../../core/message/envelope.ts";
import { SpoolError, type Claim, type ContentReader } from "../../spool/spool.ts";
import { createDropCarrier } from "./drop-carrier.ts";
import { dropFileName, dropHead } from "./drop-file.ts";

let root: string;
let directory: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "weir-drop-"));
  directory = join(root, "a", "drop");
});
afterEach(() => rm(root, { recursive: true, force: true }));

const carrier = () =>
  createDropCarrier({
    connector: {
      kind: "drop",
      name: "Drop",
      enabled: true,
      comment: "",
      addressSpaces: [],
      maxMessageSize: 1,
      dropDirectory: directory,
    },
  });

const inMemory = (octets: Buffer): ContentReader => ({
  inMemory: octets,
  async *stream() {
    yield octets;
  },
});
function claimOf(
  content: ContentReader,
  envelope: Partial<Envelope> = {},
  indexes: readonly number[] = [0],
  id = 7,
): Claim {
  return {
    message: {
      id,
      arrivedAt: Date.UTC(2026, 0, 15, 9),
      envelope: {
        reversePath: "app@sender.test",
        recipients: [{ forwardPath: "a@x.test" }, { forwardPath: "b@x.test" }],
        body: "7BIT",
        smtpUtf8: false,
        ...envelope,
      },
      origin: { connector: "AppRelay", sourceAddress: "10.1.1.1", helloName: "app.test", sessionId: "1" },
      content: { sizeBytes: 1, dotLines: 0, eightBit: false, endsWithCrlf: true },
    },
    queue: "",
    recipients: indexes.map((index) => ({ index, attempts: 0, delayReported: false })),
    content,
  };
}

test.each([
  [
    {},
    [0, 1],
    "X-Sender: <app@sender.test>\r\nX-Receiver: <a@x.test>\r\nX-Receiver: <b@x.test>\r\nX-CreatedBy: Weir\r\n",
  ],
  [{ reversePath: "" }, [1], "X-Sender: <>\r\nX-Receiver: <b@x.test>\r\nX-CreatedBy: Weir\r\n"],
  [
    {
      body: "8BITMIME",
      smtpUtf8: true,
      ret: "HDRS",
      envid: "Q+2B1",
      recipients: [
        {
          forwardPath: "ü@x.test",
          orcpt: "rfc822;u@x",
          notify: { never: false, success: true, failure: true, delay: false },
        },
      ],
    },
    [0],
    "X-Sender: <app@sender.test> BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=Q+2B1\r\nX-Receiver: <ü@x.test> NOTIFY=SUCCESS,FAILURE ORcpt=rfc822;u@x\r\nX-CreatedBy: Weir\r\n",
  ],
  [
    { envid: "a\r\nX-Receiver: <evil@x>" },
    [0],
    "X-Sender: <app@sender.test> ENVID=a??X-Receiver: <evil@x>\r\nX-Receiver: <a@x.test>\r\nX-CreatedBy: Weir\r\n",
  ],
] as const)("the head of %o", (envelope, indexes, head) => {
  expect(
    dropHead(claimOf(inMemory(Buffer.alloc(0)), envelope as Partial<Envelope>, indexes))
      .toString()
      .replace(/X-EndOfInjectedXHeaders: \d+\r\n$/, ""),
  ).toBe(head);
});

describe("delivery", () => {
  const octets = Buffer.from([0x41, 0x3a, 0x0d, 0x0a, 0x0d, 0x0a, 0x2e, 0x0d, 0x0a, 0x00, 0xff, 0x0a]);

  test("from memory and from a stream: head, then the content octet for octet", async () => {
    const drop = carrier();
    const streamed: ContentReader = {
      inMemory: undefined,
      async *stream() {
        for (const octet of octets) yield Buffer.from([octet]);
      },
    };
    for (const [content, index] of [
      [inMemory(octets), 0],
      [streamed, 1],
    ] as const) {
      const claim = claimOf(content, {}, [index]);
      expect(await drop.carry(claim)).toMatchObject({
        kind: "attempted",
        outcomes: [{ kind: "delivered", index }],
      });
      const file = join(directory, dropFileName(claim));
      expect((await readFile(file)).equals(Buffer.concat([dropHead(claim), octets]))).toBe(true);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
    expect((await readdir(directory)).toSorted()).toEqual([
      "20260115T090000.000Z-7-0.eml",
      "20260115T090000.000Z-7-1.eml",
    ]);
  });

  test("the same claim again is the same file, not a second one", async () => {
    const drop = carrier();
    await drop.carry(claimOf(inMemory(octets)));
    await drop.carry(claimOf(inMemory(octets)));
    expect(await readdir(directory)).toHaveLength(1);
  });

  test("many at once, each whole", async () => {
    const drop = carrier();
    const bodies = Array.from({ length: 100 }, (_, n) =>
      Buffer.from(`Subject: ${n}\r\n\r\n${"x".repeat(n * 100)}`),
    );
    const results = await Promise.all(
      bodies.map((body, n) => drop.carry(claimOf(inMemory(body), {}, [0], n))),
    );
    expect(results.every(({ kind }) => kind === "attempted")).toBe(true);
    const names = await readdir(directory);
    expect(names).toHaveLength(100);
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size));
    const head = dropHead(claimOf(inMemory(octets))).length;
    expect(sizes.toSorted((a, b) => a - b)).toEqual(
      bodies.map((body) => body.length + head).toSorted((a, b) => a - b),
    );
  });

  test("what an interrupted run left is removed; other files are not", async () => {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, ".20260115T090000.000Z-3-0.eml.tmp"), "half");
    await writeFile(join(directory, ".keep.tmp"), "");
    await carrier().carry(claimOf(inMemory(octets)));
    expect((await readdir(directory)).toSorted()).toEqual([".keep.tmp", "20260115T090000.000Z-7-0.eml"]);
  });
});

describe("faults", () => {
  test("a directory that cannot be made is the queue's failure, and heals", async () => {
    await writeFile(join(root, "a"), "a file");
    const drop = carrier();
    expect(await drop.carry(claimOf(inMemory(Buffer.from("x"))))).toMatchObject({
      kind: "unreachable",
      host: directory,
      verdict: { status: "4.3.0", fromPeer: false },
    });
    await rm(join(root, "a"));
    expect(await drop.carry(claimOf(inMemory(Buffer.from("x"))))).toMatchObject({ kind: "attempted" });
  });

  test("a directory taken away is made again", async () => {
    const drop = carrier();
    await drop.carry(claimOf(inMemory(Buffer.from("x"))));
    await rm(directory, { recursive: true });
    expect(await drop.carry(claimOf(inMemory(Buffer.from("x"))))).toMatchObject({ kind: "unreachable" });
    expect(await drop.carry(claimOf(inMemory(Buffer.from("x"))))).toMatchObject({ kind: "attempted" });
  });

  test.each([
    [
      "damaged content is told as such",
      new SpoolError("damaged", "checksum"),
      { kind: "damaged", what: "checksum" },
    ],
    [
      "content that cannot be read now is put off",
      new SpoolError("failed", "EIO"),
      { kind: "attempted", outcomes: [{ kind: "transient", index: 0 }] },
    ],
  ])("%s, and leaves no file", async (_what, error, expected) => {
    const content: ContentReader = {
      inMemory: undefined,
      async *stream() {
        yield Buffer.from("half");
        throw error;
      },
    };
    expect(await carrier().carry(claimOf(content))).toMatchObject(expected);
    expect(await readdir(directory)).toEqual([]);
  });

  test.skipIf(process.getuid?.() === 0)("a directory that may not be written", async () => {
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o500);
    expect(await carrier().carry(claimOf(inMemory(Buffer.from("x"))))).toMatchObject({ kind: "unreachable" });
    await chmod(directory, 0o700);
  });
});

test("close lets what is being written end, and takes nothing more", async () => {
  const drop = carrier();
  const running = drop.carry(claimOf(inMemory(Buffer.from("x"))));
  await drop.close(0);
  expect(await readdir(directory)).toHaveLength(1);
  expect(await running).toMatchObject({ kind: "attempted" });
  expect(await drop.carry(claimOf(inMemory(Buffer.from("x"))))).toEqual({ kind: "aborted" });
});
