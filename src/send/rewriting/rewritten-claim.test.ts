import { domainToASCII } from "node:url";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { senderRewriting, type SenderRewriting } from "../../core/policy/address-rewriting.ts";
import { createSigner } from "../../dkim/signer.ts";
import { newSigningKey, readSigningKey } from "../../dkim/signing-key.ts";
import type { Claim } from "../../spool/spool.ts";
import { createFakeClock } from "../../testing/fake-clock.ts";
import { testClaim } from "../../testing/test-claim.ts";
import { rewrittenClaim } from "./rewritten-claim.ts";

const toDomain = (domain: string): SenderRewriting => {
  const rewrite = senderRewriting(
    [
      {
        name: "e",
        internalAddress: {
          kind: "domain",
          text: "a.test",
          domain: { domain: "a.test", subdomains: false },
        },
        externalAddress: { kind: "domain", text: domain, domain },
        exceptionList: [],
        sendConnectors: [],
        keepReplyTo: false,
      },
    ],
    "Out",
    domainToASCII,
  );
  if (rewrite === undefined) throw new Error("no rewriting");
  return rewrite;
};
const rewrite = toDomain("contoso.com");

async function octets({ content, message }: Claim): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of content.stream()) pieces.push(Buffer.from(piece));
  const whole = Buffer.concat(pieces);
  expect(message.content.sizeBytes).toBe(whole.length);
  if (content.inMemory !== undefined) expect(content.inMemory.equals(whole)).toBe(true);
  return whole.toString("latin1");
}

test("the copy that leaves has another sender; the claim stays as it is", async () => {
  const content = "From: App <app@a.test>\r\nTo: b@a.test\r\n\r\nFrom: x@a.test\r\n.\r\n";
  const claim = testClaim({ content });
  const before = structuredClone(claim.message);
  const leaving = await rewrittenClaim(claim, rewrite);
  expect(leaving.message.envelope.reversePath).toBe("app@contoso.com");
  expect(await octets(leaving)).toBe(content.replace("app@a.test", "app@contoso.com"));
  expect(claim.message).toEqual(before);
  expect(await octets(claim)).toBe(content);
});

test("nothing is made where nothing is rewritten", async () => {
  const claim = testClaim({ envelope: { reversePath: "x@b.test" }, content: "From: x@b.test\r\n\r\n" });
  expect(await rewrittenClaim(claim, rewrite)).toBe(claim);
});

test("the null reverse-path stays, and the author of a report is rewritten", async () => {
  const claim = testClaim({ envelope: { reversePath: "" }, content: "From: postmaster@a.test\r\n\r\nx" });
  const leaving = await rewrittenClaim(claim, rewrite);
  expect(leaving.message.envelope.reversePath).toBe("");
  expect(await octets(leaving)).toBe("From: postmaster@contoso.com\r\n\r\nx");
});

test("the sender alone: the content is the one there was", async () => {
  const claim = testClaim({ content: "From: x@b.test\r\n\r\n" });
  const leaving = await rewrittenClaim(claim, rewrite);
  expect(leaving.content).toBe(claim.content);
  expect(leaving.message.envelope.reversePath).toBe("app@contoso.com");
});

test("what was 8-bit in the address only needs no SMTPUTF8 any more", async () => {
  const claim = testClaim({ content: "From: app@a.test\r\nX: y\r\n\r\ngr\u00fc\u00dfe\r\n" });
  expect((await rewrittenClaim(claim, rewrite)).message.content).toMatchObject({
    eightBit: true,
    headerEightBit: false,
  });
});

test("in pieces of any size, with or without an end of the header", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom("", "\r\n", "Subject: s\r\n", "Subject: s"),
      fc.constantFrom("", "\r\n", "\r\nbody\r\n\r\nmore", "\r\n\r\nFrom: y@a.test\r\n"),
      async (pieceBytes, first, rest) => {
        const head = first.endsWith("\r\n") || first === "" ? `${first}From: x@a.test\r\n` : first;
        const content = `${head}${rest}`;
        const leaving = await rewrittenClaim(testClaim({ content, pieceBytes }), rewrite);
        const whole = await rewrittenClaim(testClaim({ content }), rewrite);
        expect(await octets(leaving)).toBe(await octets(whole));
        expect(leaving.content.inMemory).toBeUndefined();
      },
    ),
    { numRuns: 300 },
  );
});

test("each form of a message is signed by itself, those of the same length, too", async () => {
  const key = readSigningKey(await newSigningKey("ed25519"));
  const keys = ["b.test", "c.test"].map((domain) => ({
    name: `s._domainkey.${domain}`,
    domain,
    selector: "s",
    state: "active" as const,
    keyFile: "/k",
    key,
  }));
  const signer = createSigner(
    () => ({
      keys,
      headerCanonicalization: "relaxed",
      bodyCanonicalization: "relaxed",
      oversign: "default",
      signatureLifetime: 864_000_000,
    }),
    createFakeClock(),
  );
  const claim = testClaim({ content: "From: app@a.test\r\n\r\nx\r\n" });
  const signedAs = async (domain: string): Promise<string | undefined> =>
    / d=([^;]+);/.exec(await octets(await signer.sign(await rewrittenClaim(claim, toDomain(domain)))))?.[1];
  expect(await signedAs("b.test")).toBe("b.test");
  expect(await signedAs("c.test")).toBe("c.test");
  expect(await signer.sign(claim)).toBe(claim);
});

test.each([
  [["\r", "\n\r\nHello"]],
  [["\r\n", "\r\nHello"]],
  [["\r\n\r", "\nHello"]],
  [["\r", "\n", "\r", "\nHello"]],
  [["\r", "\n\r", "\nHello"]],
  [["\r\n", "\r", "\nHello"]],
])("no more is read than the head, with its end cut into %j", async (cut) => {
  const head = "From: app@a.test\r\nX: y";
  let read = 0;
  const claim = testClaim({
    content: head + cut.join(""),
    stream: async function* () {
      const [first = "", ...others] = cut;
      for (const piece of [head + first, ...others, "nobody asks for this"]) {
        read++;
        yield await Promise.resolve(Buffer.from(piece));
      }
    },
  });
  await rewrittenClaim(claim, rewrite);
  expect(read).toBe(cut.length);
});
