import { hash } from "node:crypto";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { createFakeClock, type FakeClock } from "../testing/fake-clock.ts";
import { testClaim, type TestClaim } from "../testing/test-claim.ts";
import type { DkimKey, DkimSettings } from "./dkim-settings.ts";
import { createSigner, type Signer } from "./signer.ts";
import type { RsaSignatures } from "./signing-threads.ts";
import { newSigningKey, readSigningKey, type SigningKey } from "./signing-key.ts";

let pair: SigningKey;
beforeAll(async () => {
  pair = readSigningKey(await newSigningKey("ed25519"));
});

let clock: FakeClock;
let settings: DkimSettings;
let signer: Signer;
const key = (domain: string, selector: string, change: Partial<DkimKey> = {}): DkimKey => ({
  name: `${selector}._domainkey.${domain}`,
  domain,
  selector,
  state: "active",
  keyFile: `/keys/${selector}.pem`,
  key: pair,
  ...change,
});
const withKeys = (...keys: DkimKey[]): DkimSettings => ({
  keys,
  headerCanonicalization: "relaxed",
  bodyCanonicalization: "relaxed",
  oversign: "default",
  signatureLifetime: 864_000_000,
});
beforeEach(() => {
  clock = createFakeClock();
  settings = withKeys(key("contoso.com", "a"));
  signer = createSigner(() => settings, clock);
});

const mail = (from: string): string => `From: ${from}\r\nSubject: Invoice\r\n\r\nHello\r\n`;
async function sent(claim: ReturnType<typeof testClaim>): Promise<string> {
  const { content, message } = await signer.sign(claim);
  const pieces: Buffer[] = [];
  for await (const piece of content.stream()) pieces.push(Buffer.from(piece));
  const octets = Buffer.concat(pieces);
  expect(message.content.sizeBytes).toBe(octets.length);
  if (content.inMemory !== undefined) expect(content.inMemory.equals(octets)).toBe(true);
  if (content.pieces !== undefined) expect(Buffer.concat(content.pieces).equals(octets)).toBe(true);
  return octets.toString("latin1");
}
const selectors = (text: string): readonly string[] =>
  Array.from(text.matchAll(/[ \t]s=([^;]*); t=/gu), ([, selector]) => selector!);

test.each([
  ["app@contoso.com", ["a"]],
  ["App <app@mail.contoso.com>", ["a"]],
  ["app@fabrikam.com", []],
  ["app", []],
])("mail from %s is signed by %j", async (from, by) => {
  const claim = testClaim({ content: mail(from) });
  const text = await sent(claim);
  expect(selectors(text)).toEqual(by);
  expect(text.endsWith(mail(from))).toBe(true);
  if (by.length === 0) expect(await signer.sign(claim)).toBe(claim);
});

/** Signatures that come when told to, of what is signed: its hash. */
function rsaLater() {
  type Wanted = { text: string; signed: (signature: string) => void; failed: (fault: Error) => void };
  const wanted: Wanted[] = [];
  const rsa: RsaSignatures = {
    sign: (text, _key, signed, failed) => void wanted.push({ text, signed, failed }),
    close: () => {},
  };
  const give = ({ text, signed }: Wanted): void => signed(hash("sha256", text, "base64"));
  return { rsa, wanted, give };
}
const rsaKey = (selector: string): DkimKey =>
  key("contoso.com", selector, { key: { ...pair, algorithm: "rsa-sha256" } });

test("each of many under way gets the signatures of its own header and body, in the order of the keys", async () => {
  const { rsa, wanted, give } = rsaLater();
  settings = withKeys(rsaKey("a"), rsaKey("b"));
  const by = createSigner(() => settings, clock, rsa);
  const bodies = Array.from({ length: 40 }, (_, number) => `Body ${number}\r\n`);
  const kindsBeside = [["date"], ["cc"], []] as const;
  const results: string[] = [];
  for (const [number, body] of bodies.entries()) {
    // Not all have the same fields, nor the same second.
    if (number % 7 === 0) await clock.advance(1000);
    const more = kindsBeside[number % 3]!.map((kind) => `${kind}: x\r\n`);
    const content = `${more.join("")}From: app@contoso.com\r\nSubject: Number ${number}\r\n\r\n${body}`;
    by.signThen(
      testClaim({ content }),
      ({ content: { inMemory } }) => void (results[number] = inMemory?.toString("latin1") ?? ""),
      () => void (results[number] = "failed"),
    );
  }
  const texts: string[] = [];
  while (wanted.length > 0) {
    for (const one of wanted.splice(0, 7)) {
      texts.push(one.text);
      give(one);
    }
  }
  for (const [number, body] of bodies.entries()) {
    const text = results[number]!;
    expect(text.endsWith(`Subject: Number ${number}\r\n\r\n${body}`)).toBe(true);
    const fields = text.slice(0, text.indexOf("From:")).replaceAll(/\r\n\t/gu, " ");
    const found = Array.from(fields.matchAll(/ s=(.); t=(\d+);.* h=([^;]*); bh=([^;]*); b=([^\r]*)\r\n/gu));
    expect(found.map(([, selector]) => selector)).toEqual(["a", "b"]);
    for (const [, selector, at, names, bodyHashed, signature] of found) {
      const listed = ["subject", "from", ...kindsBeside[number % 3]!, "from", "reply-to"];
      expect(names?.replaceAll(" ", "").split(":").slice(0, listed.length)).toEqual(listed);
      expect(bodyHashed).toBe(hash("sha256", body, "base64"));
      const own = texts.filter(
        (one) =>
          one.includes(`subject:Number ${number}\r\n`) &&
          one.includes(`s=${selector}; t=${at};`) &&
          one.endsWith(`bh=${bodyHashed}; b=`),
      );
      expect(own.map((one) => hash("sha256", one, "base64"))).toEqual([signature]);
    }
  }
});

test.each([0, 1])("where key %d cannot sign the message fails, once", async (bad) => {
  const { rsa, wanted, give } = rsaLater();
  settings = withKeys(rsaKey("a"), rsaKey("b"));
  const told: unknown[] = [];
  createSigner(() => settings, clock, rsa).signThen(
    testClaim({ content: mail("app@contoso.com") }),
    () => void told.push("signed"),
    (fault) => void told.push(fault),
  );
  const fault = new Error("no such key");
  for (let at = 0; wanted.length > 0; at++) {
    const one = wanted.shift()!;
    if (at === bad) one.failed(fault);
    else give(one);
  }
  expect(told).toEqual([fault]);
});

test("what throws on the way to a signature fails the message, and none is sent without", async () => {
  const told: unknown[] = [];
  const fault = new Error("no clock");
  const broken = {
    ...clock,
    wall: () => {
      throw fault;
    },
  };
  createSigner(() => settings, broken).signThen(
    testClaim({ content: mail("app@contoso.com") }),
    () => void told.push("signed"),
    (error) => void told.push(error),
  );
  expect(told).toEqual([fault]);
});

test.each([undefined, 5])(
  "the last line of a text is ended, in pieces of %s; binary content stays",
  async (pieceBytes) => {
    const content = `${mail("app@contoso.com")}tail \t`;
    const piece = pieceBytes === undefined ? {} : { pieceBytes };
    const claim = testClaim({ content, ...piece });
    expect((await signer.sign(claim)).message.content.endsWithCrlf).toBe(true);
    expect((await sent(claim)).endsWith("tail \t\r\n")).toBe(true);
    const binary = testClaim({ content, ...piece, envelope: { body: "BINARYMIME" } });
    expect((await signer.sign(binary)).message.content.endsWithCrlf).toBe(false);
    expect((await sent(binary)).endsWith("tail \t")).toBe(true);
  },
);

test("several keys of a domain, in their order; published and retired ones sign nothing", async () => {
  settings = withKeys(
    key("contoso.com", "next", { state: "published" }),
    key("contoso.com", "a"),
    key("contoso.com", "b"),
    key("contoso.com", "old", { state: "retired" }),
  );
  expect(selectors(await sent(testClaim({ content: mail("app@contoso.com") })))).toEqual(["a", "b"]);
});

test("a key whose signature is there already adds none", async () => {
  const before = `DKIM-Signature: v=1; D=x; d=Contoso.com;\r\n\ts=a; b=xx\r\n${mail("app@contoso.com")}`;
  expect(selectors(await sent(testClaim({ content: before })))).toEqual([]);
  const others = before.replace("s=a", "s=z");
  expect(selectors(await sent(testClaim({ content: others })))).toEqual(["a"]);
});

test.each([
  ["in memory with one queue", 1, undefined, "anew"],
  ["in memory with two", 2, undefined, "once"],
  ["on disk with one queue", 1, 8, "once"],
])("what is %s (%d, %s) is signed %s for a later attempt", async (_what, queues, pieceBytes, signed) => {
  const recipients = ["a@b.test", "c@d.test"].slice(0, queues);
  const content = mail("app@contoso.com");
  const whole = testClaim({ content, recipients, ...(pieceBytes === undefined ? {} : { pieceBytes }) });
  const claim = { ...whole, recipients: whole.recipients.slice(0, 1) };
  const first = await sent(claim);
  await clock.advance(2000);
  const second = await sent(claim);
  expect(second === first ? "once" : "anew").toBe(signed);
});

test("whose keys sign follows the author and the settings", async () => {
  const by = async (from: string) => selectors(await sent(testClaim({ content: mail(from) })));
  expect(await by("app@contoso.com")).toEqual(["a"]);
  expect(await by("app@fabrikam.com")).toEqual([]);
  settings = withKeys(key("fabrikam.com", "f"));
  expect(await by("app@fabrikam.com")).toEqual(["f"]);
  expect(await by("app@contoso.com")).toEqual([]);
});

test("a message is signed once for all its queues, and anew for other settings, another form, or an hour later", async () => {
  let reads = 0;
  const content = mail("app@contoso.com");
  const given: TestClaim = {
    content,
    async *stream() {
      reads++;
      yield* [Buffer.from(content.slice(0, 20)), Buffer.from(content.slice(20))];
    },
  };
  const claim = testClaim(given);
  const [first, second] = await Promise.all([signer.sign(claim), signer.sign({ ...claim, queue: "other" })]);
  expect(reads).toBe(1);
  expect(second.queue).toBe("other");
  expect(first.message.content.sizeBytes).toBe(second.message.content.sizeBytes);
  settings = { ...settings };
  await signer.sign(claim);
  expect(reads).toBe(2);
  const { message } = claim;
  await signer.sign({ ...claim, message: { ...message, content: { ...message.content, sizeBytes: 7 } } });
  expect(reads).toBe(3);
  await clock.advance(3_600_001);
  await signer.sign(claim);
  expect(reads).toBe(4);
});

test("what cannot be read is not signed, not sent, and tried again", async () => {
  let isBroken = true;
  const claim = testClaim({
    content: mail("app@contoso.com"),
    async *stream() {
      if (isBroken) throw new Error("EIO");
      yield Buffer.from(mail("app@contoso.com"));
    },
  });
  await expect(signer.sign(claim)).rejects.toThrow("EIO");
  isBroken = false;
  expect(selectors(await sent(claim))).toEqual(["a"]);
});

test("pieces may end anywhere, within the end of the header too", async () => {
  const text = mail("app@contoso.com");
  const hashes = new Set<string>();
  for (let pieceBytes = 1; pieceBytes <= text.length; pieceBytes++) {
    const signed = await sent(testClaim({ content: text, pieceBytes }));
    hashes.add(/bh=([^;]*);/u.exec(signed.replaceAll(/\r\n\t/gu, ""))?.[1] ?? "");
  }
  expect(hashes.size).toBe(1);
});

test.each(["\r\nFrom: a@contoso.com\r\n", "no field\r\n\r\nx", ""])(
  "content without a header (%j) is sent as it is",
  async (content) => {
    expect(await sent(testClaim({ content }))).toBe(content);
  },
);

test.each([
  ["active", true],
  ["published", false],
  ["retired", false],
] as const)("a key that is %s makes it active: %s", (state, isActive) => {
  settings = withKeys(key("contoso.com", "a", { state }));
  expect(signer.isActive).toBe(isActive);
});
