/** Test-SendConnector's steps, from what the protocol log is told. */
import { describe, expect, test } from "vitest";
import { createFakeClock } from "../../testing/fake-clock.ts";
import type { TranscriptLine } from "../delivery/smtp/wire/transcript.ts";
import { StepRecorder } from "./step-recorder.ts";
import { testMessage } from "./test-message.ts";

function recording() {
  const clock = createFakeClock();
  const recorder = new StepRecorder(clock);
  recorder.at("192.0.2.1:25", "mx.test");
  const transcript = recorder.transcript((words) => `in other words: ${words}`);
  const heard = (...lines: readonly string[]): void => {
    for (const line of lines) {
      const event = line[0] as TranscriptLine["event"];
      transcript({ event, data: line.slice(2), session: 1, remoteEndpoint: "" });
    }
  };
  const steps = (): string[] =>
    recorder.steps.map(({ step, outcome, details }) => [step, outcome, ...details].join(" | "));
  return { clock, recorder, heard, steps };
}

test("each command is a step, which ends with the last line of its reply", async () => {
  const { clock, recorder, heard, steps } = recording();
  heard("+ ");
  await clock.advance(30);
  heard("< 220-mx.test", "< 220 ESMTP");
  heard("> EHLO relay.test", "< 250-mx.test", "< 250 STARTTLS", "> STARTTLS", "< 220 Go");
  await clock.advance(12);
  heard("> EHLO relay.test", "< 250 mx.test", "> AUTH LOGIN", "< 334 VXNlcm5hbWU6", "> ****");
  heard("< 235 Ok", "> MAIL FROM:<a@b.test>", "< 250 Ok", "> RCPT TO:<c@d.test>", "< 550 No");
  heard("> RSET", "< 250 Ok", "> QUIT", "< 221 Bye", "- bye");
  expect(steps()).toEqual([
    "greeting | ok | 220-mx.test | 220 ESMTP",
    "ehlo | ok | 250-mx.test | 250 STARTTLS",
    "startTls | ok | 220 Go",
    "tls | ok",
    "ehlo | ok | 250 mx.test",
    "auth | ok | 334 VXNlcm5hbWU6 | 235 Ok",
    "mail | ok | 250 Ok",
    "rcpt | failed | 550 No",
    "rset | ok | 250 Ok",
  ]);
  expect(recorder.steps.map(({ elapsedMs }) => elapsedMs)).toEqual([30, 0, 0, 12, 0, 0, 0, 0, 0]);
  expect(recorder.steps[0]).toEqual({
    step: "greeting",
    host: "mx.test",
    endpoint: "192.0.2.1:25",
    outcome: "ok",
    elapsedMs: 30,
    details: ["220-mx.test", "220 ESMTP"],
    advice: [],
    certificates: [],
    claims: {},
  });
});

test("DATA waits for the message, and the answer to it", () => {
  const { heard, steps } = recording();
  heard("> DATA", "< 354 Go", "< 250 Taken");
  expect(steps()).toEqual(["data | ok | 354 Go | 250 Taken"]);
});

test("a connection that is lost in the middle of a step has that fail; between two it is no step", () => {
  const { heard, steps } = recording();
  heard("+ ", "- it hung up");
  expect(steps()).toEqual(["greeting | failed | in other words: it hung up"]);
  heard("+ ", "< 220 Hello", "- it hung up");
  expect(steps().at(-1)).toBe("greeting | ok | 220 Hello");
});

describe("what is said to fail", () => {
  test("is what is under way, else a step that did not begin", () => {
    const { recorder, steps } = recording();
    recorder.begin("connect");
    recorder.fail("resolve", "refused");
    recorder.fail("auth", "refused");
    expect(steps()).toEqual(["connect | failed | refused"]);
    recorder.begin("greeting");
    recorder.end("ok");
    recorder.fail("auth", "no mechanism");
    expect(steps().slice(1)).toEqual(["greeting | ok", "auth | failed | no mechanism"]);
  });

  test("in more words takes the place of the reply that it repeats, and stands behind any other", () => {
    const { heard, recorder, steps } = recording();
    heard("> AUTH LOGIN", "< 535 5.7.8 No");
    recorder.fail("auth", "authentication as app failed: 535 5.7.8 No");
    expect(steps()).toEqual(["auth | failed | authentication as app failed: 535 5.7.8 No"]);
    heard("> MAIL FROM:<a@b.test>", "< 451 Later");
    recorder.fail("mail", "the peer hung up");
    expect(steps()[1]).toBe("mail | failed | 451 Later | the peer hung up");
  });

  test("a step that begins ends the one before it well", () => {
    const { recorder, steps } = recording();
    recorder.begin("connect");
    recorder.begin("greeting");
    recorder.end("failed");
    expect(steps()).toEqual(["connect | ok", "greeting | failed"]);
  });
});

test("claims and certificates are the last step's; before the first nobody has them", () => {
  const { recorder } = recording();
  const certificate = { subject: "CN=mx.test", issuer: "", names: [], validFrom: "", validTo: "" };
  recorder.claims({ app: "x" });
  recorder.certificates([certificate]);
  recorder.say("nothing");
  expect([recorder.last, recorder.steps]).toEqual([undefined, []]);
  recorder.begin("token");
  recorder.claims({ app: "x" });
  recorder.begin("tls");
  recorder.certificates([certificate]);
  recorder.say("one\r\nline");
  expect(recorder.steps).toMatchObject([
    { claims: { app: "x" }, certificates: [], details: [] },
    { claims: {}, certificates: [certificate], details: ["one\\x0d\\x0aline"] },
  ]);
});

describe("the message of a test", () => {
  const about = {
    from: "a@b.test",
    to: "c@d.test",
    connector: "Out",
    hostname: "relay.test",
    at: new Date(Date.UTC(2026, 0, 15, 9)),
  };
  const linesOf = async (connector: string): Promise<readonly string[]> =>
    (await testMessage({ ...about, connector }, undefined)).toString("latin1").split("\r\n");

  test("says what it is, and that nothing is to answer it", async () => {
    const lines = await linesOf("Out");
    expect(lines).toEqual([
      "From: <a@b.test>",
      "To: <c@d.test>",
      "Subject: Test of send connector Out",
      expect.stringMatching(/^Date: Thu, 15 Jan 2026 /),
      expect.stringMatching(/^Message-ID: <[\w-]{36}@relay\.test>$/),
      "Auto-Submitted: auto-generated",
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=us-ascii",
      "",
      expect.stringContaining("relay.test"),
      expect.stringContaining("Test-SendConnector"),
      "",
    ]);
  });

  test("is ASCII in short lines, whatever the connector is called", async () => {
    const name = "Zürich, Straße 5 nach außen, für alle Anwendungen";
    const lines = await linesOf(name);
    const subject = lines.slice(
      2,
      lines.findIndex((line) => line.startsWith("Date: ")),
    );
    expect(subject.every((line) => /^[\x20-\x7e]{1,76}$/.test(line))).toBe(true);
    const words = subject.join("").matchAll(/=\?utf-8\?B\?([^?]*)\?=/g);
    const text = Array.from(words, ([, coded = ""]) => Buffer.from(coded, "base64").toString("utf8")).join(
      "",
    );
    expect(text).toBe(`Test of send connector ${name}`);
  });

  test("is signed as mail is", async () => {
    let seen: unknown;
    const signed = await testMessage(about, {
      isActive: true,
      sign: (claim) => {
        seen = claim;
        const inMemory = Buffer.concat([
          Buffer.from("DKIM-Signature: x\r\n"),
          claim.content.inMemory ?? Buffer.alloc(0),
        ]);
        return Promise.resolve({ ...claim, content: { ...claim.content, inMemory } });
      },
    });
    expect(signed.toString("latin1")).toMatch(/^DKIM-Signature: x\r\nFrom: <a@b\.test>\r\n/);
    expect(seen).toMatchObject({
      message: {
        envelope: { reversePath: "a@b.test", recipients: [{ forwardPath: "c@d.test" }], body: "7BIT" },
        content: { eightBit: false, headerEightBit: false, dotLines: 0, endsWithCrlf: true },
      },
    });
  });
});
