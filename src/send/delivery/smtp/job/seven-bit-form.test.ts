/** What a peer without 8BITMIME, BINARYMIME or SMTPUTF8 is given. */
import PostalMime from "postal-mime";
import { afterEach, expect, test } from "vitest";
import { SpoolError } from "../../../../spool/spool.ts";
import { startScriptedServer, type ScriptedServer } from "../../../../testing/scripted-server.ts";
import { testClaim, type TestClaim } from "../../../../testing/test-claim.ts";
import { brief, testSmtpCarrier, type TestSmtpCarrier } from "../../../../testing/test-smtp-carrier.ts";
import type { SmtpSendConnector } from "../../../../core/policy/send-connector.ts";

let server: ScriptedServer | undefined;
let front: TestSmtpCarrier | undefined;
afterEach(async () => {
  await front?.carrier.close(0);
  await server?.close();
});

interface Given {
  readonly mail: string;
  readonly content: Buffer;
}

/** Carries one claim to a peer that offers these keywords; `given` is what came there, if anything did. */
async function carried(
  keywords: readonly string[],
  claim: TestClaim,
  connector: Partial<SmtpSendConnector> = {},
): Promise<{ said: string | string[]; given: Given | undefined; told: string[] }> {
  let given: Given | undefined;
  server = await startScriptedServer(async (peer) => {
    await peer.greet(...keywords);
    for (;;) {
      const mail = await peer.line();
      peer.send("250 Ok\r\n");
      await peer.line();
      peer.send("250 Ok\r\n");
      await peer.line();
      peer.send("354 Go on\r\n");
      given = { mail, content: await peer.content() };
      peer.send("250 2.0.0 Taken\r\n");
    }
  });
  front = testSmtpCarrier(server.port, { connector: { ...connector, pipeliningEnabled: false } });
  const result = await front.carrier.carry(testClaim(claim));
  return { said: brief(result), given, told: front.told.map(({ name }) => name) };
}

const text = "Subject: test\r\n\r\nGr\u00fc\u00dfe an alle\r\n.\r\nEnde\r\n";
const eightBit = { content: text, envelope: { body: "8BITMIME" } } as const;

test.each<[string, TestClaim]>([
  ["declared", eightBit],
  ["undeclared", { content: text }],
  ["streamed, cut within a character", { ...eightBit, pieceBytes: 19 }],
  ["declared as BINARYMIME", { content: text, envelope: { body: "BINARYMIME" } }],
])("8-bit content, %s, is converted", async (_what, claim) => {
  const { said, given, told } = await carried(["SIZE 1000"], claim);
  expect(said).toEqual(["delivered: 250 2.0.0 Taken"]);
  expect(given?.content.some((octet) => octet > 127)).toBe(false);
  expect(given?.mail).toBe(`MAIL FROM:<app@a.test> SIZE=${given?.content.length}`);
  expect(given?.content.toString()).toContain("\r\nContent-Transfer-Encoding: quoted-printable\r\n");
  expect((await PostalMime.parse(given?.content ?? "")).text).toBe("Grüße an alle\n.\nEnde\n");
  expect(told).toEqual(["MessageConverted"]);
});

test("a peer with 8BITMIME gets it as it is", async () => {
  const { given, told } = await carried(["8BITMIME"], eightBit);
  expect(given?.mail).toBe("MAIL FROM:<app@a.test> BODY=8BITMIME");
  expect(given?.content.toString()).toBe(text);
  expect(told).toEqual([]);
});

test.each([
  ["whole", {}],
  // The end of the last group of octets is known at the end of the content.
  ["streamed", { pieceBytes: 11 }],
])("binary content, %s, goes as base64 by DATA, declared as nothing", async (_how, how) => {
  const body = Buffer.from([0, 1, 10, 13, 255]);
  const content = Buffer.concat([Buffer.from("Content-Type: image/x\r\n\r\n"), body]);
  const { given } = await carried(["8BITMIME", "SIZE"], {
    content,
    envelope: { body: "BINARYMIME" },
    ...how,
  });
  expect(given?.mail).toBe(`MAIL FROM:<app@a.test> SIZE=${given?.content.length}`);
  expect(given?.content.toString()).toContain(`base64\r\n\r\n${body.toString("base64")}\r\n`);
});

const header = { content: "Subject: \u00fc\r\n\r\nGr\u00fc\u00dfe an alle\r\n" };

test("a header of which nothing was declared goes as it is, its body converted, and it is told", async () => {
  const { said, given, told } = await carried([], header);
  expect(said).toEqual(["delivered: 250 2.0.0 Taken"]);
  expect(given?.content.toString()).toContain("Subject: \u00fc\r\n");
  expect(given?.content.toString()).toContain("Gr=C3=BC=C3=9Fe");
  expect(told).toEqual(["EightBitContentSent", "MessageConverted"]);
});

test("or fails, where the connector wants that", async () => {
  const { said, given, told } = await carried([], header, { errorPolicies: ["RejectUnconvertible"] });
  expect(said).toEqual([
    "permanent: 554 5.6.3 message is 8-bit, which the next hop does not take, and cannot be converted (the header)",
  ]);
  expect(given).toBeUndefined();
  expect(told).not.toContain("EightBitContentSent");
});

test("SMTPUTF8 declared with an ASCII header is not asked for", async () => {
  const { said, given } = await carried(["8BITMIME"], {
    content: text,
    envelope: { body: "8BITMIME", smtpUtf8: true },
  });
  expect(said).toEqual(["delivered: 250 2.0.0 Taken"]);
  expect(given?.mail).toBe("MAIL FROM:<app@a.test> BODY=8BITMIME");
});

test("with a header in UTF-8 it is", async () => {
  const { said } = await carried(["8BITMIME"], { ...header, envelope: { smtpUtf8: true } });
  expect(said).toEqual(["permanent: 553 5.6.7 message needs SMTPUTF8, which the next hop does not offer"]);
});

test("one that grows beyond the peer's SIZE fails by that", async () => {
  const content = `Subject: test\r\n\r\n${"\u00fc".repeat(300)}\r\n`;
  const { said } = await carried(["SIZE 700"], { content });
  expect(said).toEqual([expect.stringContaining("permanent: 552 5.3.4 message of ")]);
});

test("damage found on the way is told as that", async () => {
  const { said } = await carried([], {
    ...eightBit,
    async *stream() {
      yield Buffer.from(text);
      throw new SpoolError("damaged", "checksum");
    },
  });
  expect(said).toBe("damaged");
});
