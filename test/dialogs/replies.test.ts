/** Every reply in the catalogue is well-formed on the wire: RFC 5321 §4.2, RFC 2034 §4. */
import { describe, expect, test } from "vitest";
import { spokenRefusals } from "../../src/core/refusals/catalogue.ts";
import { type Reply, encodeReply, replies } from "../../src/core/smtp/reply.ts";
import { replyFault } from "../../src/testing/scripted-client.ts";

const all: readonly (readonly [string, Reply])[] = [
  ...Object.entries(replies),
  ...Object.entries(spokenRefusals).map(([kind, { reply }]) => [kind, reply] as const),
];

describe.each(all)("%s", (_, reply) => {
  test.each([true, false])("with enhanced status %s", (withStatus) => {
    const wire = encodeReply(reply, withStatus);
    expect(wire.endsWith("\r\n")).toBe(true);
    let first: string | undefined;
    for (const line of wire.slice(0, -2).split("\r\n")) {
      expect(replyFault(Buffer.from(line), first)).toBeUndefined();
      first = line.slice(0, 3);
    }
  });

  test("its status agrees with its code", () => {
    // Exchange says 451 5.7.3 where TLS is required, and so do we.
    if (reply.status === undefined || reply === spokenRefusals.tlsRequired.reply) return;
    expect(reply.status).toMatch(/^[245]\.\d{1,3}\.\d{1,3}$/);
    expect(reply.status[0]).toBe(String(reply.code)[0]);
  });
});

test("421 always closes", () => {
  for (const [name, reply] of all) if (reply.code === 421) expect([name, reply.close]).toEqual([name, true]);
});
