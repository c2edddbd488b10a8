/** Mail that Weir signed, on its way through a Postfix whose milter is opendkim: what its Authentication-Results say. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Canonicalization } from "../../src/core/dkim/canonical-body.ts";
import type { DkimSettings } from "../../src/dkim/dkim-settings.ts";
import { newSigningKey, readSigningKey, type SigningKey } from "../../src/dkim/signing-key.ts";
import type { Ports } from "../../src/ports/ports.ts";
import { createSystemClock } from "../../src/ports/system-ports.ts";
import { startRecordingSink, type RecordingSink } from "../../src/testing/recording-sink.ts";
import { startTemporaryRelay, type TemporaryRelay } from "../../src/testing/temporary-relay.ts";
import { smartHostConnector } from "../../src/testing/test-settings.ts";
import { missingMilter, startPostfixWithMilter, type PostfixWithMilter } from "./postfix-with-milter.ts";
import { sendMessage } from "./send-message.ts";

const missing = missingMilter();
if (missing !== undefined) console.warn(`test/journeys/dkim-milter.test.ts: ${missing}; it is skipped`);

const domain = "contoso.test";
const usual =
  "From: App <app@contoso.test>\r\nTo: b@x.test\r\nSubject: Invoice 7\r\nDate: Sat, 28 Nov 2026 12:00:00 +0000\r\n";
const mime = `${usual}MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n`;
const messages: Readonly<Record<string, string>> = {
  usual: `${usual}\r\nHello\r\n`,
  "an empty body": `${usual}\r\n`,
  "folded fields": `${usual}References: <a@x>\r\n\t<b@x>  \r\n   <c@x>\r\nX-Folded: a\r\n b\r\n\r\na\r\n`,
  "8-bit octets": `${mime.replace("Invoice", "R\u00e4chnung")}\r\n\u00e4\u00f6 \u00ff \r\n`,
  "repeated fields": `${usual}To: c@x.test\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\na\r\n`,
  "lines that begin with dots": `${usual}\r\n.\r\n..\r\n.a\r\n. \r\n\r\n`,
  "blanks and empty lines at the end": `${usual}\r\na \t b\r\n \t\r\n\r\n   \r\n\r\n`,
  "five megabytes": `${mime}\r\n${"\u00e4b  c\t\r\n".repeat(5_242_880 / 8)}`,
};

describe.skipIf(missing !== undefined)("opendkim's milter", () => {
  let keys: readonly { readonly selector: string; readonly key: SigningKey }[];
  let sink: RecordingSink;
  let receiver: PostfixWithMilter;
  beforeAll(async () => {
    keys = [
      { selector: "r", key: readSigningKey(await newSigningKey("rsa")) },
      { selector: "e", key: readSigningKey(await newSigningKey("ed25519")) },
    ];
    sink = await startRecordingSink();
    const records = keys.map(({ selector, key }) => [`${selector}._domainkey.${domain}`, key.record]);
    receiver = await startPostfixWithMilter(Object.fromEntries(records), sink.port);
  });
  afterAll(async () => {
    await receiver?.close();
    await sink?.close();
  });

  const signing = (form: Canonicalization, ports: Partial<Ports> = {}): Promise<TemporaryRelay> => {
    const dkim: DkimSettings = {
      keys: keys.map(({ selector, key }) => ({
        name: selector,
        domain,
        selector,
        state: "active",
        keyFile: `${selector}.pem`,
        key,
      })),
      headerCanonicalization: form,
      bodyCanonicalization: form,
      oversign: "default",
      signatureLifetime: 864_000_000,
    };
    return startTemporaryRelay({ sendConnectors: [smartHostConnector(receiver.port)], dkim, ports });
  };
  /** As the milter wrote them, one for each signature: `rsa-sha256 pass`. */
  const resultsIn = (content: Buffer): readonly string[] => {
    const text = content.toString("latin1").replaceAll(/\r\n[ \t]+/gu, " ");
    const [, results = ""] = /^Authentication-Results: milter\.test;(.*)$/mu.exec(text) ?? [];
    // What it says of dkim-atps is no verdict on a signature.
    return results
      .split(";")
      .filter((one) => one.trim().startsWith("dkim="))
      .map((one) => `${/header\.a=(\S+)/u.exec(one)?.[1] ?? ""} ${/dkim=(\w+)/u.exec(one)?.[1] ?? ""}`);
  };
  const both = (verdict: string): readonly string[] => [`rsa-sha256 ${verdict}`, `ed25519-sha256 ${verdict}`];

  test.each(["relaxed", "simple"] as const)("verifies each message by both keys, %s", async (form) => {
    const relay = await signing(form);
    try {
      const told: Record<string, readonly string[]> = {};
      for (const [name, text] of Object.entries(messages)) {
        sink.clear();
        const content = Buffer.from(text, "latin1");
        await sendMessage({ port: relay.port, content, to: ["b@x.test"], mailParameters: " BODY=8BITMIME" });
        const [message] = await sink.waitFor(1);
        told[name] = resultsIn(message?.content ?? Buffer.alloc(0));
      }
      expect(told).toEqual(Object.fromEntries(Object.keys(messages).map((name) => [name, both("pass")])));
    } finally {
      await relay.stop();
    }
  });

  test.each([
    ["ten years ahead", 3650],
    ["back in 2020", -2500],
  ])("verifies what is signed while the clock is set %s", async (_, days) => {
    let aheadMs = 0;
    const clock = { ...createSystemClock(), wall: () => new Date(Date.now() + aheadMs) };
    const relay = await signing("relaxed", { clock });
    try {
      aheadMs = days * 86_400_000;
      sink.clear();
      await sendMessage({
        port: relay.port,
        content: Buffer.from(messages["usual"] ?? ""),
        to: ["b@x.test"],
      });
      const [message] = await sink.waitFor(1);
      expect(resultsIn(message?.content ?? Buffer.alloc(0))).toEqual(both("pass"));
    } finally {
      await relay.stop();
    }
  });

  test("refuses what was changed by one octet behind the relay", async () => {
    const relay = await signing("relaxed");
    const behind = await startRecordingSink();
    try {
      await relay.relay.reconfigure({ ...relay.settings, sendConnectors: [smartHostConnector(behind.port)] });
      await sendMessage({
        port: relay.port,
        content: Buffer.from(messages["usual"] ?? ""),
        to: ["b@x.test"],
      });
      const [signed] = await behind.waitFor(1);
      const text = (signed?.content ?? Buffer.alloc(0)).toString("latin1");
      const judged = async (changed: string): Promise<readonly string[]> => {
        sink.clear();
        await sendMessage({ port: receiver.port, content: Buffer.from(changed, "latin1"), to: ["b@x.test"] });
        const [message] = await sink.waitFor(1);
        return resultsIn(message?.content ?? Buffer.alloc(0));
      };
      expect(await judged(text)).toEqual(both("pass"));
      expect(await judged(text.replace("Hello", "Hallo"))).toEqual(both("fail"));
      expect(await judged(text.replace("Invoice 7", "Invoice 8"))).toEqual(both("fail"));
    } finally {
      await relay.stop();
      await behind.close();
    }
  });
});
