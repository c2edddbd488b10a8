/** Signatures of ours, judged by a verifier of other people's making (dkimpy). */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import type { Canonicalization } from "../../src/core/dkim/canonical-body.ts";
import type { DkimSettings } from "../../src/dkim/dkim-settings.ts";
import { bodyHash, signMessage } from "../../src/dkim/sign.ts";
import { newSigningKey, readSigningKey, type SigningKey } from "../../src/dkim/signing-key.ts";
import { startRecordingSink } from "../../src/testing/recording-sink.ts";
import { startTemporaryRelay, type TemporaryRelaySettings } from "../../src/testing/temporary-relay.ts";
import { smartHostConnector } from "../../src/testing/test-settings.ts";
import { sendMessage } from "./send-message.ts";

const python = "/usr/bin/python3";
const script = fileURLToPath(new URL("./peers/dkimpy.py", import.meta.url));
const isThere = existsSync(python) && existsSync("/usr/bin/dkimverify");

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
const forms: readonly (readonly [Canonicalization, Canonicalization])[] = [
  ["relaxed", "relaxed"],
  ["relaxed", "simple"],
  ["simple", "relaxed"],
  ["simple", "simple"],
];

function hashInPieces(body: Buffer, form: Canonicalization, pieceOctets: number): string {
  const hash = bodyHash(form);
  for (let at = 0; at < body.length; at += pieceOctets) hash.feed(body.subarray(at, at + pieceOctets));
  return hash.digest();
}

interface Case {
  readonly name: string;
  readonly message: Buffer;
  readonly signatures: number;
}

function judge(cases: readonly Case[]): readonly unknown[] {
  const records = {
    [`r._domainkey.${domain}`]: keys.rsa.record,
    [`e._domainkey.${domain}`]: keys.ed25519.record,
  };
  const input = cases.map(({ message, signatures }) => ({
    message: message.toString("base64"),
    records,
    signatures,
  }));
  const output = execFileSync(python, [script], { input: JSON.stringify(input), encoding: "utf8" });
  return output
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}

async function signed(
  header: Buffer,
  body: Buffer,
  [headerForm, bodyForm]: (typeof forms)[number],
): Promise<Buffer> {
  const options = { headerForm, bodyForm, oversign: "default", lifetimeSeconds: 864_000 } as const;
  const hashed = hashInPieces(body, bodyForm, 7);
  const now = new Date();
  const identities = [
    { domain, selector: "r", key: keys.rsa },
    { domain, selector: "e", key: keys.ed25519 },
  ];
  const fields = await Promise.all(
    identities.map((identity) => signMessage(header, hashed, identity, options, now)),
  );
  return Buffer.concat([Buffer.from(fields.join(""), "latin1"), header, Buffer.from("\r\n"), body]);
}

test.skipIf(!isThere)("dkimpy verifies every one, by both keys and in all forms", async () => {
  const cases: Case[] = [];
  for (const [name, [header, body]] of Object.entries(messages)) {
    for (const form of forms) {
      const message = await signed(Buffer.from(header, "latin1"), Buffer.from(body, "latin1"), form);
      cases.push({ name: `${name}, ${form.join("/")}`, message, signatures: 2 });
    }
  }
  const results = judge(cases);
  const refused = cases.flatMap(({ name }, index) => {
    const result = JSON.stringify(results[index]);
    return result === "[true,true]" ? [] : [`${name}: ${result}`];
  });
  expect(refused).toEqual([]);
});

test.skipIf(!isThere)("and refuses what was changed afterwards", async () => {
  const [header, body] = messages["usual"]!.map((text) => Buffer.from(text, "latin1")) as [Buffer, Buffer];
  const message = (await signed(header, body, ["relaxed", "relaxed"])).toString("latin1");
  const changes = [
    message.replace("Hello", "Hallo"),
    message.replace("Invoice 7", "Invoice 8"),
    message.replace("From: App", "From: evil@contoso.test\r\nFrom: App"),
    message.replace("To: b@x.test", "To: b@x.test\r\nCc: c@x.test"),
    message.replace("Subject:", "Content-Type: text/html\r\nSubject:"),
  ];
  const results = judge(
    changes.map((text) => ({ name: "", message: Buffer.from(text, "latin1"), signatures: 2 })),
  );
  for (const result of results) expect(result).not.toContain(true);
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
    bodyCanonicalization: "simple",
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
      await sendMessage({ port: relay.port, content, to: ["b@x.test"], mailParameters: " BODY=8BITMIME" });
    await sink.waitFor(contents.length);
    return sink.messages.map(({ content }) => content);
  } finally {
    await relay.stop();
    await sink.close();
  }
}

test.skipIf(!isThere)("as it came and as it was converted: a next hop gets what verifies", async () => {
  const mime = `${usual}MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n`;
  const contents = [
    Buffer.from(`${mime}\u00e4\u00f6\u00fc. \r\n.\r\n\r\n`, "latin1"),
    Buffer.from(`${mime}${"\u00e4b c\r\n".repeat(60_000)}`, "latin1"),
  ];
  for (const extensions of [["8BITMIME", "PIPELINING", "SIZE"], ["8BITMIME", "CHUNKING"], ["PIPELINING"]]) {
    const got = await relayed(extensions, contents);
    const results = judge(got.map((message) => ({ name: "", message, signatures: 2 })));
    expect(results, extensions.join()).toEqual(contents.map(() => [true, true]));
    const isConverted = !extensions.includes("8BITMIME");
    for (const message of got) expect(message.some((octet) => octet > 127)).toBe(!isConverted);
  }
});

test.skipIf(!isThere)(
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
      const results = judge(got.map((message) => ({ name: "", message, signatures: 2 })));
      expect(results, extensions.join()).toEqual(contents.map(() => [true, true]));
      for (const message of got) expect(message.toString("latin1")).toContain("From: App <app@contoso.test>");
    }
  },
);
