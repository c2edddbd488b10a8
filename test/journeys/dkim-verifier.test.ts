/** Signatures of ours, judged by verifiers of other people's making. */
import { beforeAll, describe, expect, test } from "vitest";
import type { DkimSettings } from "../../src/dkim/dkim-settings.ts";
import { newSigningKey, readSigningKey, type SigningKey } from "../../src/dkim/signing-key.ts";
import { startRecordingSink } from "../../src/testing/recording-sink.ts";
import { startTemporaryRelay, type TemporaryRelaySettings } from "../../src/testing/temporary-relay.ts";
import { smartHostConnector } from "../../src/testing/test-settings.ts";
import { seededRandom } from "../faults/random.ts";
import { dkimpy, judges, type DkimJudge, type KeyRecords } from "./dkim-judges.ts";
import { oddMessage } from "./odd-messages.ts";
import { allForms, signedMessage, type Forms } from "./signed-message.ts";
import { sendMessage } from "./send-message.ts";

const domain = "contoso.test";
let keys: Record<"rsa" | "ed25519", SigningKey>;
beforeAll(async () => {
  const [rsa, ed25519] = await Promise.all([newSigningKey("rsa"), newSigningKey("ed25519")]);
  keys = { rsa: readSigningKey(rsa), ed25519: readSigningKey(ed25519) };
});

const usual =
  "From: App <app@contoso.test>\r\nTo: b@x.test\r\nSubject: Invoice 7\r\nDate: Sat, 28 Nov 2026 12:00:00 +0000\r\n";
/** Header and body, odd in one way each (outbound brief §6.3). */
const messages: Readonly<Record<string, readonly [header: string, body: string]>> = {
  usual: [usual, "Hello\r\n"],
  "an empty body": [usual, ""],
  "a body of one empty line": [usual, "\r\n"],
  "a body without an end": [usual, "Hello"],
  "trailing empty and blank lines": [usual, "a \t b\r\n \t\r\n\r\n   \r\n\r\n"],
  "blanks at both ends": [usual, "  a  \r\n\tb\t\r\n"],
  "white space that is none": [usual, "a\u00a0 \u00a0b\v\fc \r\n"],
  "8-bit octets": [usual.replace("Invoice", "R\u00e4chnung"), "\u00e4\u00ff\r\n"],
  "a field folded oddly": [`${usual}X-A: 1\r\nReferences: <a@x>\r\n \r\n\t<b@x>  \r\n`, "a\r\n"],
  "an empty field": [`${usual}Cc:\r\nReply-To: \t\r\n`, "a\r\n"],
  "repeated fields": [`${usual}To: c@x.test\r\nTo: d@x.test\r\n`, "a\r\n"],
  "no header but From": ["From: a@contoso.test\r\n", "a\r\n"],
  "long lines": [`${usual}References: ${"<m@x> ".repeat(300)}\r\n`, `${"x".repeat(5000)}\r\n`],
  "many empty lines inside": [usual, `a${"\r\n".repeat(20_000)}b\r\n`],
};
/** RFC 5322 §3.6 lets these not pass. */
const illegal = new Set(["no header but From", "repeated fields"]);

/** Whether dkimpy says that both signatures of each hold. */
async function judge(got: readonly Buffer[]): Promise<readonly (string | true)[]> {
  return await dkimpy.judge(got, recordsOf("r", "e"), 2);
}

type Selector = "r" | "e";
const keyOf = (selector: Selector): SigningKey => keys[selector === "r" ? "rsa" : "ed25519"];
const recordsOf = (...selectors: readonly Selector[]): KeyRecords =>
  Object.fromEntries(selectors.map((one) => [`${one}._domainkey.${domain}`, keyOf(one).record]));

async function signed(
  header: Buffer,
  body: Buffer,
  forms: Forms,
  { selectors = ["r", "e"], pieceOctets = 7 }: { selectors?: readonly Selector[]; pieceOctets?: number } = {},
): Promise<Buffer> {
  const identities = selectors.map((selector) => ({ domain, selector, key: keyOf(selector) }));
  return await signedMessage(header, body, forms, identities, pieceOctets);
}

const known = async (selectors: readonly Selector[], { wantsLegal, isSlow }: DkimJudge) => {
  const cases: { readonly name: string; readonly message: Buffer }[] = [];
  for (const [name, [header, body]] of Object.entries(messages)) {
    if (wantsLegal && illegal.has(name)) continue;
    for (const form of isSlow ? allForms.slice(0, 1) : allForms) {
      const octets = [Buffer.from(header, "latin1"), Buffer.from(body, "latin1")] as const;
      const message = await signed(...octets, form, { selectors });
      cases.push({ name: `${name}, ${form.join("/")}`, message });
    }
  }
  return cases;
};

/** In npm test some; `npx tsx test/journeys/judge-dkim.ts --messages 2000` has them judge many. */
const generated = { atOnce: 40, oneByOne: 8 };

describe.each(judges.map((one) => ({ one, name: one.name })))("$name", ({ one }) => {
  const isThere = one.isThere;
  if (!isThere)
    console.warn(`test/journeys/dkim-verifier.test.ts: ${one.name} cannot be asked here; it is skipped`);
  const selectors: readonly Selector[] = one.knowsEd25519 ? ["r", "e"] : ["r"];
  const judged = (all: readonly Buffer[]): Promise<readonly (string | true)[]> =>
    one.judge(all, recordsOf(...selectors), selectors.length);

  test.skipIf(!isThere)("verifies every one, by both keys where it knows both, in all forms", async () => {
    const cases = await known(selectors, one);
    const results = await judged(cases.map(({ message }) => message));
    const refused = cases.flatMap(({ name }, at) =>
      results[at] === true ? [] : [`${name}: ${results[at]}`],
    );
    expect(refused).toEqual([]);
  });

  test.skipIf(!isThere)("verifies what a seed makes up, whatever the pieces it was hashed in", async () => {
    const seed = Date.now() % 1_000_000;
    const random = seededRandom(seed);
    const all: Buffer[] = [];
    for (let n = 0; n < (one.isSlow ? generated.oneByOne : generated.atOnce); n++) {
      const { header, body } = oddMessage(random, domain, one.wantsLegal);
      const form = allForms[n % allForms.length] ?? ["relaxed", "relaxed"];
      const pieceOctets = 1 + Math.floor(random() * 50);
      all.push(await signed(header, body, form, { selectors, pieceOctets }));
    }
    const results = await judged(all);
    const refused = all.flatMap((message, at) =>
      results[at] === true ? [] : [`seed ${seed}, ${at}: ${results[at]}\n${message.toString("latin1")}`],
    );
    expect(refused).toEqual([]);
  });

  test.skipIf(!isThere)("refuses what was changed afterwards", async () => {
    const [header, body] = messages["usual"]!.map((text) => Buffer.from(text, "latin1")) as [Buffer, Buffer];
    const text = (await signed(header, body, ["relaxed", "relaxed"], { selectors })).toString("latin1");
    const changes = [
      text.replace("Hello", "Hallo"),
      text.replace("Invoice 7", "Invoice 8"),
      text.replace("From: App", "From: evil@contoso.test\r\nFrom: App"),
      text.replace("To: b@x.test", "To: b@x.test\r\nCc: c@x.test"),
      text.replace("Subject:", "Content-Type: text/html\r\nSubject:"),
    ];
    const results = await judged(changes.map((change) => Buffer.from(change, "latin1")));
    for (const result of results) expect(result).not.toBe(true);
  });
});

/** What a next hop with these extensions got, in the order it came. */
async function relayed(
  extensions: readonly string[],
  contents: readonly Buffer[],
  given: TemporaryRelaySettings = {},
): Promise<readonly Buffer[]> {
  const sink = await startRecordingSink();
  sink.configure({ extensions });
  const dkim: DkimSettings = {
    keys: [
      { name: "r", domain, selector: "r", state: "active", keyFile: "r.pem", key: keys.rsa },
      { name: "e", domain, selector: "e", state: "active", keyFile: "e.pem", key: keys.ed25519 },
    ],
    headerCanonicalization: "relaxed",
    bodyCanonicalization: extensions.includes("CHUNKING") ? "relaxed" : "simple",
    oversign: "default",
    signatureLifetime: 864_000_000,
  };
  const relay = await startTemporaryRelay({
    sendConnectors: [smartHostConnector(sink.port)],
    dkim,
    ...given,
  });
  try {
    for (const content of contents)
      await sendMessage({
        port: relay.port,
        content,
        // DATA would end its last line.
        by: content.at(-1) === 0x0a ? "DATA" : "BDAT",
        to: ["b@x.test"],
        mailParameters: " BODY=8BITMIME",
      });
    await sink.waitFor(contents.length);
    return sink.messages.map(({ content }) => content);
  } finally {
    await relay.stop();
    await sink.close();
  }
}

test.skipIf(!dkimpy.isThere)(
  "as it came and as it was converted: a next hop gets what verifies",
  async () => {
    const mime = `${usual}MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n`;
    const contents = [
      Buffer.from(`${mime}\u00e4\u00f6\u00fc. \r\n.\r\n\r\n`, "latin1"),
      Buffer.from(`${mime}${"\u00e4b c\r\n".repeat(60_000)}`, "latin1"),
      Buffer.from(`${mime}\u00e4 b \t`, "latin1"),
    ];
    for (const extensions of [["8BITMIME", "PIPELINING", "SIZE"], ["8BITMIME", "CHUNKING"], ["PIPELINING"]]) {
      const got = await relayed(extensions, contents);
      expect(await judge(got), extensions.join()).toEqual(contents.map(() => true));
      const isConverted = !extensions.includes("8BITMIME");
      for (const message of got) expect(message.some((octet) => octet > 127)).toBe(!isConverted);
    }
  },
);

test.skipIf(!dkimpy.isThere)(
  "with another author: what verifies is what leaves, and the application's own signature goes",
  async () => {
    const mime = usual.replace("app@contoso.test", "app@old.test");
    const own = "DKIM-Signature: v=1; a=rsa-sha256; d=old.test; s=x; h=from:to; bh=x; b=x\r\n";
    const contents = [
      Buffer.from(`${own}${mime}\r\nHello\r\n`),
      Buffer.from(`${mime}\r\n${"\u00e4b c\r\n".repeat(60_000)}`, "latin1"),
    ];
    const addressRewriteEntries = [
      {
        name: "old",
        internalAddress: {
          kind: "domain",
          text: "old.test",
          domain: { domain: "old.test", subdomains: false },
        },
        externalAddress: { kind: "domain", text: domain, domain },
        exceptionList: [],
        sendConnectors: [],
        keepReplyTo: true,
      },
    ] as const;
    for (const extensions of [["8BITMIME", "PIPELINING", "SIZE"], ["PIPELINING"]]) {
      const got = await relayed(extensions, contents, { addressRewriteEntries });
      expect(await judge(got), extensions.join()).toEqual(contents.map(() => true));
      for (const message of got) expect(message.toString("latin1")).toContain("From: App <app@contoso.test>");
    }
  },
);
