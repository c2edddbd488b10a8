/** Files of Pickup and Replay directories: real directories and time, a spool in memory. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Envelope, Recipient } from "../../core/message/envelope.ts";
import { replayHead } from "../../core/message/replay-form/write-head.ts";
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import type { EventRecord } from "../../events/events.ts";
import { catalogue } from "../../events/catalogue.ts";
import type { Clock } from "../../ports/ports.ts";
import { createSystemClock } from "../../ports/system-ports.ts";
import { SpoolError, submissionQueue, type Claim } from "../../spool/spool.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { readContent } from "../../testing/spool-messages.ts";
import { createTestSubmissions, type TestSubmissions } from "../../testing/test-submissions.ts";
import type { TransactionServices } from "../transaction/services.ts";
import {
  createPickupDirectory,
  type PickupDirectory,
  type PickupDirectorySettings,
} from "./pickup-directory.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "weir-pickup-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

interface Rig extends TestSubmissions {
  readonly directory: string;
  readonly pickup: PickupDirectory;
  readonly told: EventRecord[];
  write(name: string, content: string | Buffer): Promise<void>;
  names(): Promise<readonly string[]>;
  /** Those that are kept, in their order. */
  kept(): Promise<readonly { readonly claim: Claim; readonly content: Buffer }[]>;
}

async function rig(
  given: Partial<Omit<PickupDirectorySettings, "directory">> & {
    readonly connector?: Partial<ReceiveConnectorSettings>;
    readonly services?: (it: TestSubmissions) => Partial<TransactionServices>;
    readonly beforeClaim?: (directory: string) => Promise<void>;
    readonly clock?: Clock;
  } = {},
): Promise<Rig> {
  const { kind = "Pickup", maxMessagesPerMinute = 20_000, connector, services, beforeClaim } = given;
  const directory = await mkdtemp(join(scratch, "d-"));
  const plain = createTestSubmissions(connector);
  const it = services === undefined ? plain : createTestSubmissions(connector, services(plain));
  const told: EventRecord[] = [];
  const { clock = createSystemClock() } = given;
  const { submissions } = it;
  const pickup = createPickupDirectory(
    {
      kind,
      directory,
      maxMessagesPerMinute,
      limits: { maxHeaderBytes: 65_536, maxRecipients: 100, hostname: "relay.test", ...given.limits },
    },
    {
      submissions: {
        ...submissions,
        submit: (submitter, envelope, content, { source } = {}) =>
          submissions.submit(submitter, envelope, content, {
            source: source && {
              async claim(id) {
                await beforeClaim?.(directory);
                await source.claim(id);
              },
              release: () => source.release(),
            },
          }),
      },
      submitter: () =>
        submissions.submitter({
          door: "PICKUP",
          connector: it.submitter.connector,
          peer: { address: "127.0.0.1", port: 0, source: "127.0.0.1" },
          receivedProtocol: kind,
          helloName: "localhost",
        }),
      clock,
      events: {
        wants: () => true,
        emit: (name, fields) =>
          void told.push({ name, definition: catalogue[name], at: clock.wall(), fields: { ...fields } }),
      },
      isKept: async (id) => (await it.spool.find(id)) !== undefined,
    },
  );
  return {
    ...it,
    directory,
    pickup,
    told,
    write: (name, content) => writeFile(join(directory, name), content),
    names: async () => (await readdir(directory)).toSorted((a, b) => (a < b ? -1 : 1)),
    async kept() {
      const claims: Claim[] = [];
      // Each is there for its delivery when its file is gone, a moment after the spool has it.
      await vi.waitUntil(async () => {
        claims.push(...(await it.spool.claim(submissionQueue, 1000, Number.MAX_SAFE_INTEGER)));
        return claims.length >= it.spool.size;
      });
      return Promise.all(claims.map(async (claim) => ({ claim, content: await readContent(claim.content) })));
    },
  };
}

/** Runs it until `done` holds. */
async function during(it: Rig, done: () => boolean | Promise<boolean>): Promise<void> {
  it.pickup.start();
  try {
    await vi.waitUntil(done, { interval: 20 });
  } finally {
    await it.pickup.stop();
  }
}

const message = (n: number | string): string =>
  `From: a@s.test\nTo: b${n}@d.test\nSubject: ${n}\n\nbody ${n}\n.\n`;

describe.concurrent("a Pickup directory", () => {
  test("is emptied, the oldest first; what is no message file stays", async () => {
    const it = await rig();
    for (const [name, n, age] of [
      ["z.eml", 1, 30],
      ["a.EML", 2, 20],
      ["\u00fc x.eml", 3, 10],
    ] as const) {
      await it.write(name, message(n));
      const at = new Date(Date.now() - age * 1000);
      await utimes(join(it.directory, name), at, at);
    }
    for (const name of [".hidden.eml", "x.txt", "y.tmp", "z.bad"]) await it.write(name, message(9));
    await during(it, () => it.spool.size === 3);
    expect(await it.names()).toEqual([".hidden.eml", "x.txt", "y.tmp", "z.bad"]);
    const kept = await it.kept();
    expect(kept.map(({ claim }) => claim.message.envelope)).toMatchObject(
      [1, 2, 3].map((n) => ({ reversePath: "a@s.test", recipients: [{ forwardPath: `b${n}@d.test` }] })),
    );
    expect(kept[0]?.content.toString()).toMatch(
      /^Received: from localhost \(\[127\.0\.0\.1\]\) by relay\.test\r\n with Pickup id \d+\r\n for <b1@d\.test>;[^\n]*\n [^\n]*\r\nFrom: a@s\.test\r\nTo: b1@d\.test\r\nSubject: 1\r\nDate: [^\n]*\r\nMessage-ID: <[^\n]*@relay\.test>\r\n\r\nbody 1\r\n\.\r\n$/,
    );
    await it.clock.settle();
    expect(it.tracked.map(({ eventId, source }) => [eventId, source])).toEqual(
      [1, 2, 3].map(() => ["RECEIVE", "PICKUP"]),
    );
    expect(it.metrics.totals.receivedBy).toMatchObject({ PICKUP: 3 });
  });

  test("what cannot be taken is called .bad and told, and nothing of it is read that is not its own", async () => {
    const it = await rig({
      connector: { anonymousRelay: false },
      limits: { maxHeaderBytes: 32_768, maxRecipients: 2, hostname: "relay.test" },
    });
    const path = (name: string): string => join(it.directory, name);
    const secret = join(scratch, "secret");
    await writeFile(secret, message("secret"));
    await symlink(secret, path("link.eml"));
    await link(secret, path("hard.eml"));
    await mkdir(path("folder.eml"));
    execFileSync("mkfifo", [path("pipe.eml")]);
    await it.write("utf16.eml", Buffer.concat([Buffer.from([255, 254]), Buffer.from(message(1), "utf16le")]));
    await it.write("empty.eml", "");
    await it.write("open.eml", "From: a@s.test\nTo: b@d.test\n");
    await it.write("large.eml", `From: a@s.test\nX: ${"x".repeat(40_000)}\n\n`);
    await it.write("many.eml", "From: a@s.test\nTo: a@d.test, b@d.test, c@d.test\n\n");
    await it.write("denied.eml", message("denied"));
    await it.write("nul.eml", message("n").replace("body", "bo\0dy").replace("bn@", "postmaster@"));
    await it.write("taken.bad", "");
    await it.write("taken.eml", "x");
    await during(it, () => it.told.length >= 12);
    const reasons = Object.fromEntries(
      it.told.map(({ name, fields }) => [
        `${name} ${String(fields["file"])} ${String(fields["badFile"]).replace(/\d{14}/, "T")}`,
        fields["reason"],
      ]),
    );
    expect(reasons).toEqual({
      "PickupMessageBad link.eml link.bad": "it is a symbolic link, no file",
      "PickupMessageBad hard.eml hard.bad": "it is a hard link to another file",
      "PickupMessageBad folder.eml folder.bad": "it is a directory, no file",
      "PickupMessageBad pipe.eml pipe.bad": "it is a pipe, no file",
      "PickupMessageBad utf16.eml utf16.bad":
        "it is written in UTF-16; with PowerShell: Out-File -Encoding utf8",
      "PickupMessageBad empty.eml empty.bad": "no empty line stands behind its header",
      "PickupMessageBad open.eml open.bad": "no empty line stands behind its header",
      "PickupMessageBad large.eml large.bad":
        "its header is larger than pickupDirectoryMaxHeaderSize (32768 bytes)",
      "PickupMessageBad many.eml many.bad":
        "it has 3 recipients, and pickupDirectoryMaxRecipientsPerMessage is 2",
      "PickupMessageBad denied.eml denied.bad": expect.stringMatching(/^<bdenied@d\.test>: 550 5\.7\.54 /),
      "PickupMessageBad nul.eml nul.bad": expect.stringMatching(
        /^550 5\.7\.54 |^<postmaster@d\.test>: 550|^5\d\d /,
      ),
      "PickupMessageBad taken.eml taken.T.bad": "no empty line stands behind its header",
    });
    expect(it.spool.size).toBe(0);
    expect((await it.names()).filter((name) => !name.endsWith(".bad"))).toEqual([]);
    expect(await readFile(secret, "utf8")).toBe(message("secret"));
  });

  test("a file that grows is left alone until it does not", async () => {
    const clock = createFakeClock();
    const it = await rig({ clock });
    it.pickup.start();
    const text = message(1);
    for (let at = 0; at < text.length; at++) {
      await writeFile(join(it.directory, "x.eml"), text.slice(at, at + 1), { flag: "a" });
      await clock.advance(250);
    }
    expect(it.spool.size).toBe(0);
    await during(it, async () => {
      await clock.advance(1_000);
      return it.spool.size > 0;
    });
    expect((await it.kept())[0]?.content.toString()).toContain("\r\n\r\nbody 1\r\n.\r\n");
    expect(it.told).toEqual([]);
  });

  test("what a file can never do is not waited for", async () => {
    const it = await rig({ connector: { requireTls: true } });
    await it.write("x.eml", message(1));
    await during(it, () => it.told.length > 0);
    expect(it.told.map(({ fields }) => fields["reason"])).toEqual([expect.stringContaining("STARTTLS")]);
    expect(await it.names()).toEqual(["x.bad"]);
  });

  test("a directory that is not there, or open to everybody, is told once; then it is taken from", async () => {
    const it = await rig();
    await it.write("x.eml", message(1));
    await chmod(it.directory, 0o777);
    it.pickup.start();
    await vi.waitUntil(() => it.told.length > 0);
    await it.pickup.stop();
    await rename(it.directory, `${it.directory}.away`);
    await during(it, () => it.told.length > 1);
    await rename(`${it.directory}.away`, it.directory);
    await chmod(it.directory, 0o770);
    await during(it, () => it.spool.size === 1);
    expect(it.told.map(({ name, fields }) => [name, fields["error"]])).toEqual([
      ["PickupDirectoryFault", "everybody may write there (chmod o-w), and so send as anybody"],
      ["PickupDirectoryFault", "it is not there"],
    ]);
  });

  test("no more are taken than the rate allows", async () => {
    const it = await rig({ maxMessagesPerMinute: 1 });
    for (let n = 0; n < 3; n++) await it.write(`${n}.eml`, message(n));
    // That there is no second one is seen when some time has passed behind the first.
    await during(it, async () => {
      if (it.spool.size > 0) await sleep(1_500);
      return it.spool.size > 0;
    });
    expect(it.spool.size).toBe(1);
    expect(await it.names()).toHaveLength(2);
    expect(it.told).toEqual([]);
  });
});

describe.concurrent("a file is taken once", () => {
  test("it is gone before anybody has its message", async () => {
    const it = await rig();
    await it.write("x.eml", message(1));
    const seen: boolean[] = [];
    it.spool.onAccepted({
      hasRoom: () => false,
      take: () => undefined,
      waits: () => void seen.push(existsSync(join(it.directory, "x.eml"))),
    });
    await during(it, () => it.spool.size === 1 && seen.length > 0);
    expect(seen).toEqual([false]);
    expect(await it.names()).toEqual([]);
  });

  test("another one that came in its place meanwhile is neither lost nor taken for it", async () => {
    let replaced = false;
    const it = await rig({
      async beforeClaim(directory) {
        if (replaced) return;
        replaced = true;
        await writeFile(join(directory, "new"), message("new"));
        await rename(join(directory, "new"), join(directory, "x.eml"));
      },
    });
    await it.write("x.eml", message("old"));
    await during(it, () => it.spool.size > 0);
    const kept = await it.kept();
    expect(kept.map(({ claim }) => claim.message.envelope.recipients[0]?.forwardPath)).toEqual([
      "bnew@d.test",
    ]);
    expect(await it.names()).toEqual([]);
  });

  test.each([
    ["full", "x.eml"],
    ["failed", /^x\.\d+\.weir\.tmp$/],
  ] as const)("where the disk is %s it stays: %s", async (code, expected) => {
    const it = await rig({
      services: ({ spool }) => ({
        spool: {
          ...spool,
          begin: () => spool.begin(),
          accept: () => Promise.reject(new SpoolError(code, code)),
        },
      }),
    });
    await it.write("x.eml", message(1));
    await during(it, () => it.events.length > 0);
    const [name = "", ...more] = await it.names();
    expect(more).toEqual([]);
    expect(name).toMatch(expected instanceof RegExp ? expected : /^x\.eml$/);
  });

  test("what a crash left is removed if its message was kept, and taken if not", async () => {
    const it = await rig();
    await it.write("kept.eml", message("kept"));
    await during(it, () => it.spool.size === 1);
    const [first] = await it.kept();
    const id = first?.claim.message.id ?? 0;
    await it.write(`kept.${id}.weir.tmp`, message("kept"));
    await it.write("lost.12345.weir.tmp", message("lost"));
    await it.write("both.23456.weir.tmp", message("older"));
    await it.write("both.eml", message("newer"));
    await it.write("same.eml", message("same"));
    await link(join(it.directory, "same.eml"), join(it.directory, "same.34567.weir.tmp"));
    await it.write("foreign.tmp", message("foreign"));
    // A draft of another program, which calls it by its process or the time.
    await it.write("draft.4711.tmp", message("half"));
    await it.pickup.recover();
    expect(await it.names()).toEqual([
      "both.23456.eml",
      "both.eml",
      "draft.4711.tmp",
      "foreign.tmp",
      "lost.eml",
      "same.eml",
    ]);
    await during(it, () => it.spool.size === 5);
    expect(await it.names()).toEqual(["draft.4711.tmp", "foreign.tmp"]);
  });
});

describe.concurrent("a Replay directory", () => {
  test("gives back what was exported, octet for octet", async () => {
    const line = fc.constantFrom(
      "X-Receiver: <evil@x.test>",
      "",
      ".",
      "..",
      "From x",
      " folded",
      "S: s",
      "\xff\xfe\x80",
      "X-Sender: <>",
      "a".repeat(2000),
    );
    const content = fc
      .tuple(fc.array(line, { maxLength: 6 }), fc.constantFrom("", "\r\n"))
      .map(([lines, end]) =>
        Buffer.from(
          `Received: from a by b; Sun, 29 Nov 2026 03:00:00 +0000\r\nS: s\r\n\r\n${lines.join("\r\n")}${end}`,
          "latin1",
        ),
      );
    const recipient: fc.Arbitrary<Recipient> = fc.record(
      {
        forwardPath: fc.constantFrom("b@d.test", "\u00fc@d.test", '"x y"@d.test'),
        notify: fc.constant({ never: false, success: true, failure: true, delay: false }),
        orcpt: fc.constant("rfc822;u@x"),
      },
      { requiredKeys: ["forwardPath"] },
    );
    const envelope: fc.Arbitrary<Omit<Envelope, "recipients">> = fc.record(
      {
        reversePath: fc.constantFrom("", "a@s.test"),
        body: fc.constantFrom("7BIT" as const, "8BITMIME" as const),
        smtpUtf8: fc.constant(true),
        ret: fc.constantFrom("FULL" as const, "HDRS" as const),
        envid: fc.constant("Q+2B1"),
      },
      { requiredKeys: ["reversePath", "body", "smtpUtf8"] },
    );
    const samples = fc.sample(
      fc.tuple(envelope, fc.array(recipient, { minLength: 1, maxLength: 4 }), content),
      60,
    );
    const it = await rig({ kind: "Replay" });
    for (const [index, [given, recipients, octets]] of samples.entries()) {
      const name = `${index}.eml`;
      await it.write(name, Buffer.concat([replayHead(given, recipients), octets]));
      await utimes(join(it.directory, name), index, index);
    }
    await during(it, () => it.spool.size === samples.length || it.told.length > 0);
    expect(it.told).toEqual([]);
    const kept = await it.kept();
    expect(kept).toHaveLength(samples.length);
    for (const [index, [given, recipients, octets]] of samples.entries()) {
      expect(kept[index]?.claim.message.envelope, `sample ${index}`).toEqual({ ...given, recipients });
      expect(
        kept[index]?.content.equals(octets),
        `sample ${index}: ${JSON.stringify(octets.toString("latin1"))}`,
      ).toBe(true);
    }
  });
});
