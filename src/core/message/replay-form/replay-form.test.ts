import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Envelope } from "../envelope.ts";
import { readReplayHead } from "./read-head.ts";
import { replayHead } from "./write-head.ts";

const read = (text: string, isWhole = true) => readReplayHead(Buffer.from(text), isWhole);

test.each([
  ["X-Sender: <a@b.test>\nX-Receiver: <c@d.test>\n", "Subject: s\n\n", "a@b.test", ["c@d.test"]],
  ["x-sender: <>\r\nX-RECEIVER: <c@d.test>\r\n", "\r\nbody", "", ["c@d.test"]],
  ["X-Sender: a@b.test\nX-Receiver: c@d.test\n", "", "a@b.test", ["c@d.test"]],
  [
    "X-CreatedBy: MSExchange15\nX-Sender:\n <a@b.test>\nX-Receiver: <c@d.test>\nX-EndOfInjectedXHeaders: 9\n",
    "X-Receiver: <no@d.test>\n",
    "a@b.test",
    ["c@d.test"],
  ],
])("%j, and behind it %j", (head, behind, reversePath, recipients) => {
  expect(read(head + behind)).toMatchObject({
    ok: true,
    head: {
      reversePath,
      recipients: recipients.map((forwardPath) => ({ forwardPath })),
      sizeBytes: head.length,
    },
  });
});

test("parameters, and what a client called itself", () => {
  expect(
    read(
      "X-Sender: <a@b.test> BODY=8bitmime REQUIRETLS RET=HDRS ENVID=Q+2B1 auth=<>\nX-HeloDomain: app\nX-Receiver: <c@d.test> NOTIFY=never ORcpt=rfc822;u@x\n\n",
    ),
  ).toMatchObject({
    ok: true,
    head: {
      body: "8BITMIME",
      requireTls: true,
      ret: "HDRS",
      envid: "Q+2B1",
      heloDomain: "app",
      recipients: [{ forwardPath: "c@d.test", notify: { never: true }, orcpt: "rfc822;u@x" }],
    },
  });
});

test.each([
  ["Subject: s\n\n", "it does not begin with X-Sender"],
  ["X-Receiver: <c@d.test>\n\n", "it does not begin with X-Sender"],
  ["X-Sender: <a@b.test>\n\n", "no X-Receiver follows X-Sender"],
  ["X-Sender: <a@b.test>\nX-Sender: <a@b.test>\n", "X-Sender stands there twice"],
  ["X-Sender: nobody at all\n", "X-Sender: the parameter AT is not offered to this client"],
  ["X-Sender: <a@b.test> FOO=1\n", "X-Sender: the parameter FOO is not offered to this client"],
  ["X-Sender: <a@b.test>\nX-Receiver: <>\n", "X-Receiver has no address: “<>”"],
])("%j: %s", (text, fault) => {
  expect(read(text)).toEqual({ ok: false, more: false, fault });
});

test("a head that goes on is told from one that has ended", () => {
  const text = "X-Sender: <a@b.test>\r\nX-Receiver: <c@d.test>\r\nS";
  for (let size = 0; size < text.length; size++)
    expect(read(text.slice(0, size), false)).toEqual({ ok: false, more: true });
});

test("what is written is read as it was, whatever the message begins with", () => {
  const address = fc.constantFrom("a@b.test", "ü@b.test", '"x y"@b.test', "a@[127.0.0.1]");
  const flags = fc.record({ success: fc.boolean(), failure: fc.boolean(), delay: fc.boolean() });
  const recipient = fc.record(
    {
      forwardPath: address,
      notify: flags
        .filter((given) => Object.values(given).includes(true))
        .map((given) => ({ never: false, ...given })),
      orcpt: fc.constant("rfc822;u@x"),
    },
    { requiredKeys: ["forwardPath"] },
  );
  const envelope: fc.Arbitrary<Omit<Envelope, "recipients">> = fc.record(
    {
      reversePath: fc.oneof(address, fc.constant("")),
      body: fc.constantFrom("7BIT" as const, "8BITMIME" as const, "BINARYMIME" as const),
      smtpUtf8: fc.constant(false),
      tls: fc.constantFrom("required" as const, "optional" as const),
      ret: fc.constantFrom("FULL" as const, "HDRS" as const),
      envid: fc.constant("Q+2B1"),
    },
    { requiredKeys: ["reversePath", "body", "smtpUtf8"] },
  );
  const content = fc.constantFrom(
    "",
    "\n",
    "X-Receiver: <evil@x.test>\r\n\r\n",
    " X-Sender: <>\r\n",
    "X-EndOfInjectedXHeaders: 1\r\n",
    "S: s\r\n\r\nb",
  );
  fc.assert(
    fc.property(
      envelope,
      fc.array(recipient, { minLength: 1, maxLength: 30 }),
      content,
      (given, recipients, behind) => {
        const head = replayHead(given, recipients);
        expect(Number(/X-EndOfInjectedXHeaders: (\d+)\r\n$/.exec(head.toString())?.[1])).toBe(head.length);
        const result = readReplayHead(Buffer.concat([head, Buffer.from(behind)]), true);
        const { reversePath, body, ret, envid } = given;
        const requireTls = given.tls === "required";
        expect(result).toMatchObject({
          ok: true,
          head: { reversePath, body, requireTls, ret, envid, recipients, sizeBytes: head.length },
        });
      },
    ),
  );
});
