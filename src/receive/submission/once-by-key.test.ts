/** A message that is handed in again under its key: the same answer, another message, or one that still runs. */
import { createHash } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import type { MessageId } from "../../core/message/envelope.ts";
import { SpoolError } from "../../spool/spool.ts";
import { createTestSubmissions, type TestSubmissions } from "../../testing/test-submissions.ts";
import type { Repeat, SubmittedContent, SubmittedEnvelope } from "./submission.ts";

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();
const envelope: SubmittedEnvelope = {
  mailFrom: "<a@s.test>",
  recipients: [{ address: "b@d.test" }],
  body: "8BITMIME",
};
const octets = (text: string): Buffer[] => [Buffer.from(text)];
const repeat: Repeat = {
  scope: "key erp",
  key: "order 1",
  fingerprint: sha256("request"),
  windowMs: 86_400_000,
  waitMs: 10_000,
  answer: (id: MessageId) => `answer to ${id}`,
};

let it: TestSubmissions;
beforeEach(() => {
  it = createTestSubmissions();
});

const submit = (
  given: Partial<Repeat> = {},
  content: SubmittedContent = octets("Subject: x\r\n\r\nbody\r\n"),
  about: Partial<SubmittedEnvelope> = {},
) => it.submissions.submitOnce(it.submitter, { ...envelope, ...about }, content, { ...repeat, ...given });
const kept = async (...given: Parameters<typeof submit>): Promise<MessageId> => {
  const outcome = await submit(...given);
  if (outcome.kind !== "kept") throw new Error(outcome.kind);
  return outcome.message.id;
};
/** Content that nobody may touch. */
const untouchable: SubmittedContent = {
  [Symbol.iterator]() {
    throw new Error("it was read");
  },
};

describe("the same again", () => {
  test("gets the first one's id and answer, is not read, not kept, not counted, and is told", async () => {
    const id = await kept();
    const givenAt = it.clock.now();
    await it.clock.advance(5_000);
    expect(await submit({}, untouchable)).toEqual({
      kind: "repeated",
      id,
      answer: `answer to ${id}`,
      givenAt,
    });
    await it.clock.settle();
    expect([it.spool.size, it.submitter.messages, it.metrics.totals.received]).toEqual([1, 1, 1]);
    expect(it.metrics.totals.repeatedBy).toEqual({ SMTP: 0, HTTP: 1, PICKUP: 0 });
    expect(it.tracked.map(({ eventId, source, message }) => [eventId, source, message.id])).toEqual([
      ["RECEIVE", "HTTP", id],
      ["DUPLICATE", "HTTP", id],
    ]);
    expect(it.events.at(-1)).toMatchObject({
      name: "MessageRepeated",
      fields: { id, sender: "a@s.test", recipients: 1 },
    });
  });

  test("is another message where no key is given, where the key or the scope is another's, and after its time", async () => {
    const ids = new Set([await kept()]);
    ids.add(await kept({ key: "order 2" }));
    ids.add(await kept({ scope: "key shop" }));
    const plain = await it.submissions.submit(it.submitter, envelope, octets("Subject: x\r\n\r\nbody\r\n"));
    if (plain.kind === "kept") ids.add(plain.message.id);
    await it.clock.advance(repeat.windowMs);
    ids.add(await kept());
    expect([ids.size, it.spool.size]).toEqual([5, 5]);
  });

  test("is answered although the client's minute is spent", async () => {
    it = createTestSubmissions({ messageRateLimit: 1, messageRateSource: "IPAddress" });
    await kept();
    expect(await submit({ key: "order 2" })).toMatchObject({ kind: "refused" });
    expect(await submit({}, untouchable)).toMatchObject({ kind: "repeated" });
  });

  test("has no answer where the door gave none", async () => {
    await kept({ answer: () => "" });
    expect(await submit()).toMatchObject({ kind: "repeated", answer: "" });
  });
});

describe("something else under the same key", () => {
  test("is a conflict, and nothing is kept of it", async () => {
    const id = await kept();
    expect(await submit({ fingerprint: sha256("another") }, untouchable)).toEqual({ kind: "conflict", id });
    expect([it.spool.size, it.metrics.totals.repeatedBy.HTTP]).toEqual([1, 0]);
  });

  const about = { fingerprint: { about: "<a@s.test> <b@d.test>" } };
  const first = "Subject: x\n\nline\nwith \0 and LF only\n";
  test.each<[string, Partial<Repeat>, string[], string]>([
    ["the same", about, [first], "repeated"],
    ["the same in pieces", about, first.split(""), "repeated"],
    ["shorter", about, [first.slice(0, -1)], "conflict"],
    ["longer", about, [first, "x"], "conflict"],
    ["another envelope", { fingerprint: { about: "<a@s.test> <c@d.test>" } }, [first], "conflict"],
    [
      "what was in the one is in the other",
      { fingerprint: { about: `${about.fingerprint.about}S` } },
      [first.slice(1)],
      "conflict",
    ],
    ["larger than a message may be", about, [first, "x".repeat(70_000)], "conflict"],
  ])("a content that is streamed is hashed as it came: %s", async (_, given, pieces, kind) => {
    // What the relay makes of it does not matter.
    it = createTestSubmissions({ nulRemovalEnabled: true, maxMessageSize: 65_536 });
    await kept(about, octets(first));
    const outcome = await submit(
      given,
      pieces.map((piece) => Buffer.from(piece)),
    );
    expect([outcome.kind, it.spool.size]).toEqual([kind, 1]);
  });

  test("of a content that does not end no more is read than a message may have", async () => {
    it = createTestSubmissions({ nulRemovalEnabled: true, maxMessageSize: 65_536 });
    await kept(about, octets(first));
    let read = 0;
    async function* endless() {
      for (;;) {
        read += 1024;
        yield Buffer.alloc(1024, "x");
      }
    }
    expect(await submit(about, endless())).toMatchObject({ kind: "conflict" });
    expect(read).toBeLessThan(70_000);
  });
});

describe("what is refused, or broken off", () => {
  test("is not remembered: corrected, it is taken under the same key", async () => {
    expect(await submit({}, untouchable, { recipients: [{ address: "b@@" }] })).toMatchObject({
      kind: "refused",
    });
    async function* brokenOff() {
      yield Buffer.from("Subject: x\r\n");
      throw new Error("the client went away");
    }
    await expect(submit({}, brokenOff())).rejects.toThrow(/went away/);
    await expect(submit({ answer: () => "x".repeat(5_000) })).resolves.toMatchObject({ kind: "refused" });
    expect([it.spool.size, it.spool.answers.size]).toEqual([0, 0]);
    await kept();
    expect(await submit()).toMatchObject({ kind: "repeated" });
  });

  test("is refused for now where the answers cannot be read", async () => {
    it = createTestSubmissions();
    const ask = () => Promise.reject(new SpoolError("failed", "the data file cannot be opened"));
    Object.defineProperty(it.spool, "answers", { value: { ask, size: 0 } });
    const outcome = await submit({}, untouchable);
    expect(outcome.kind === "refused" && outcome.refusals[0]?.reply.code).toBe(451);
  });
});

describe("while the first one runs", () => {
  /** Content whose end is waited for. */
  function openContent(): { readonly content: SubmittedContent; end(fault?: Error): void } {
    let resolve = (): void => undefined;
    let reject: (fault: Error) => void = () => undefined;
    const ended = new Promise<void>((resolved, rejected) => {
      resolve = resolved;
      reject = rejected;
    });
    async function* content() {
      yield Buffer.from("Subject: x\r\n\r\n");
      await ended;
    }
    return { content: content(), end: (fault) => (fault === undefined ? resolve() : reject(fault)) };
  }
  const submitter = () => ({ ...it.submitter });
  const again = (waitMs = 10_000) =>
    it.submissions.submitOnce(submitter(), envelope, octets("Subject: x\r\n\r\n"), { ...repeat, waitMs });

  test("others wait for it, and get its answer", async () => {
    const open = openContent();
    const first = submit({}, open.content);
    const others = [again(), again()];
    await it.clock.advance(5_000);
    open.end();
    const outcome = await first;
    expect(outcome.kind).toBe("kept");
    for (const other of await Promise.all(others)) expect(other.kind).toBe("repeated");
    expect(it.spool.size).toBe(1);
  });

  test("they wait no longer than they are asked to, and are told that it runs", async () => {
    const open = openContent();
    const first = submit({}, open.content);
    expect(await again(0)).toEqual({ kind: "running" });
    const patient = again(10_000);
    await it.clock.advance(10_000);
    expect(await patient).toEqual({ kind: "running" });
    open.end();
    await first;
    expect(it.clock.pendingTimers).toBe(0);
  });

  test("when it fails one of them takes its place, and the others wait for that one", async () => {
    const open = openContent();
    const first = submit({}, open.content);
    const others = [again(), again(), again()];
    await it.clock.settle();
    open.end(new Error("cut"));
    await expect(first).rejects.toThrow("cut");
    const kinds = (await Promise.all(others)).map(({ kind }) => kind).toSorted();
    expect(kinds).toEqual(["kept", "repeated", "repeated"]);
    expect(it.spool.size).toBe(1);
  });
});
