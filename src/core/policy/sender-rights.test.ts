/** Who may send as whom, from every side that a header has. */
import { domainToASCII } from "node:url";
import { describe, expect, it, test } from "vitest";
import * as fc from "fast-check";
import { scanHeader } from "../message/header-scan.ts";
import { parsed, unparsable } from "../units/parsed.ts";
import { parseSenderPattern, type SenderPattern } from "./sender-pattern.ts";
import { refuseReversePath, refuseSenderFields } from "./sender-rights.ts";

/** As the configuration reads accepted domains. */
const parse = (text: string) =>
  parseSenderPattern(text, (domain) => {
    const subdomains = domain.startsWith("*.");
    const ascii = domainToASCII(subdomains ? domain.slice(2) : domain);
    return /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(ascii)
      ? parsed({ domain: ascii, subdomains })
      : unparsable("no domain");
  });

function patterns(...texts: readonly string[]): readonly SenderPattern[] {
  return texts.map((text) => {
    const pattern = parse(text);
    if (!pattern.ok) throw new Error(pattern.message);
    return pattern.value;
  });
}

/** What refuses it, in a word. */
function refusedPath(sendAs: readonly string[], reversePath: string): string {
  return refuseReversePath(patterns(...sendAs), reversePath, domainToASCII)?.kind ?? "may";
}
function refusedHeader(sendAs: readonly string[], header: string): string {
  const { senderFields } = scanHeader(Buffer.from(header), { senders: true });
  const fault = refuseSenderFields(patterns(...sendAs), senderFields, domainToASCII);
  if (fault === undefined) return "may";
  return fault.kind === "notAmong" ? `${fault.where} ${fault.address}` : `${fault.where} unclear`;
}

test.each<[string[], string, boolean]>([
  [["erp@contoso.com"], "erp@contoso.com", true],
  [["erp@contoso.com"], "ERP@Contoso.COM", true],
  [["ERP@Contoso.com"], "erp@contoso.com", true],
  [["erp@contoso.com"], "ceo@contoso.com", false],
  [["erp@contoso.com"], "erp@contoso.com.evil.example", false],
  [["erp@contoso.com"], "erp@mail.contoso.com", false],
  [["erp@contoso.com"], "xerp@contoso.com", false],
  [["erp@contoso.com"], '"erp"@contoso.com', true],
  [["erp@contoso.com"], '"e\\rp"@contoso.com', true],
  [["erp@contoso.com"], '"erp "@contoso.com', false],
  [["erp@contoso.com"], '"ceo@contoso.com"@contoso.com', false],
  [["erp@contoso.com"], '"erp@contoso.com"@evil.example', false],
  [["erp@contoso.com"], "erp", false],
  [["contoso.com"], "anybody@contoso.com", true],
  [["@contoso.com"], "anybody@contoso.com", true],
  [["*@contoso.com"], "anybody@contoso.com", true],
  [["contoso.com"], "anybody@mail.contoso.com", false],
  [["contoso.com"], "anybody@notcontoso.com", false],
  [["*.contoso.com"], "anybody@mail.contoso.com", true],
  [["*.contoso.com"], "anybody@a.b.contoso.com", true],
  [["*@*.contoso.com"], "anybody@contoso.com", true],
  [["*.contoso.com"], "anybody@notcontoso.com", false],
  [["erp-*@contoso.com"], "erp-1@contoso.com", true],
  [["erp-*@contoso.com"], "erp-@contoso.com", true],
  [["erp-*@contoso.com"], "erp@contoso.com", false],
  [["erp-*@contoso.com"], "xerp-1@contoso.com", false],
  [["*-noreply@contoso.com"], "shop-noreply@contoso.com", true],
  [["*-noreply@contoso.com"], "shop-noreply2@contoso.com", false],
  [["a*b*c@contoso.com"], "a-b-c@contoso.com", true],
  [["a*b*c@contoso.com"], "abc@contoso.com", true],
  [["a*b*c@contoso.com"], "acb@contoso.com", false],
  [["ab*ba@contoso.com"], "aba@contoso.com", false],
  [["a*a@contoso.com"], "a@contoso.com", false],
  [["a*b*b@contoso.com"], "ab@contoso.com", false],
  [["a.b@contoso.com"], "axb@contoso.com", false],
  [["erp@contoso.com", "shop.example"], "x@shop.example", true],
  [["*"], "anybody@anywhere.example", true],
  [["*"], "", true],
  [["<>"], "", true],
  [["<>"], "erp@contoso.com", false],
  [["*@contoso.com"], "", false],
  // SMTPUTF8: A-labels and U-labels are one domain, letters that look alike are not.
  [["bücher.example"], "a@xn--bcher-kva.example", true],
  [["xn--bcher-kva.example"], "a@BÜCHER.example", true],
  [["contoso.com"], "a@c\u043entoso.com", false],
  [["contoso.com"], "a@ｃontoso.com", false],
  [["contoso.com"], "a@contoso\u3002com", false],
  [["erp@contoso.com"], "\u0435rp@contoso.com", false],
  [["erp@contoso.com"], "e\u200brp@contoso.com", false],
  // One and the same letter, composed or not.
  [["m\u00fcller@contoso.com"], "mu\u0308ller@contoso.com", true],
  [["M\u00dcLLER@contoso.com"], "m\u00fcller@contoso.com", true],
  [["erp@contoso.com"], "ｅrp@contoso.com", false],
  [["contoso.com"], "a@[192.0.2.1]", false],
])("%j: MAIL FROM:<%s> %s", (sendAs, reversePath, may) => {
  expect(refusedPath(sendAs, reversePath)).toBe(may ? "may" : "notAmong");
});

const erp = ["erp@contoso.com", "shop-*@contoso.com"];
test.each<[string, string]>([
  ["From: erp@contoso.com", "may"],
  ["from: <erp@contoso.com>", "may"],
  ["FROM : ERP <Erp@Contoso.com>", "may"],
  ["From: ceo@contoso.com", "From ceo@contoso.com"],
  ['From: "Erp erp@contoso.com" <ceo@contoso.com>', "From ceo@contoso.com"],
  // A comment is no address.
  ["From: erp@contoso.com (ceo@contoso.com)", "may"],
  ["From: (ceo@contoso.com) erp@contoso.com", "may"],
  ["From: (erp@contoso.com) ceo@contoso.com", "From ceo@contoso.com"],
  ["From: (nested (erp@contoso.com) ) <ceo@contoso.com>", "From ceo@contoso.com"],
  ["From: (erp@contoso.com)", "From unclear"],
  ["From: (unclosed <ceo@contoso.com>", "From unclear"],
  ["From: erp(ceo)@contoso.com", "may"],
  ["From: ceo(@contoso.com, erp)@contoso.com", "From ceo@contoso.com"],
  // Groups (RFC 6854).
  ["From: Shops: shop-1@contoso.com, erp@contoso.com;", "may"],
  ["From: Shops: shop-1@contoso.com, ceo@contoso.com;", "From ceo@contoso.com"],
  ["From: ceo@contoso.com: erp@contoso.com;", "From unclear"],
  ['From: "ceo@contoso.com": erp@contoso.com;', "From unclear"],
  ["From: Nobody:;", "From unclear"],
  ["From: Shops: erp@contoso.com", "From unclear"],
  // Several.
  ["From: erp@contoso.com, shop-1@contoso.com", "may"],
  ["From: erp@contoso.com, ceo@contoso.com", "From ceo@contoso.com"],
  ["From: erp@contoso.com\r\nFrom: ceo@contoso.com", "From ceo@contoso.com"],
  ["From: ceo@contoso.com\r\nFrom: erp@contoso.com", "From ceo@contoso.com"],
  ["From: erp@contoso.com ceo@contoso.com", "From unclear"],
  ["From: <erp@contoso.com> <ceo@contoso.com>", "From unclear"],
  ["From: <erp@contoso.com>, <ceo@contoso.com", "From unclear"],
  ["From: erp@contoso.com; ceo@contoso.com", "From unclear"],
  // Encoded words: a name may be one, an address may not (RFC 2047 §5).
  ["From: =?utf-8?Q?ceo=40contoso.com?= <erp@contoso.com>", "may"],
  ["From: =?utf-8?Q?=3Cceo=40contoso.com=3E?= <erp@contoso.com>", "may"],
  ["From: =?utf-8?Q?ceo=40contoso.com?=", "From unclear"],
  ["From: =?utf-8?Q?ceo@contoso.com?=", "From unclear"],
  ["From: <=?utf-8?Q?erp@contoso.com?=>", "From unclear"],
  ["From: shop-=?utf-8?Q?=3Cceo=40bank.test=3E=00?=@contoso.com", "From unclear"],
  ["From: x <shop-=?utf-8?b?Y2VvQGJhbmsudGVzdA==?==?utf-8?Q?=00?=@contoso.com>", "From unclear"],
  ["From: shop-=?b?=c@contoso.com", "may"],
  // Where some readers begin anew within a name, and take what stands in front for an address.
  ["From: =?utf-8?Q?ceo=40contoso.com?=)<erp@contoso.com>", "From unclear"],
  ["From: =?utf-8?Q?ceo=40contoso.com?=\\<erp@contoso.com>", "From unclear"],
  ["From: ceo\\Shops : ; erp@contoso.com", "From unclear"],
  ["From: ceo) : erp@contoso.com;", "From unclear"],
  ['From: "Smile :) \\\\ (or not)" (a \\) comment) <erp@contoso.com>', "may"],
  // Names as scripts write them.
  ["From: erp@contoso.com <erp@contoso.com>", "may"],
  ["From: ceo@contoso.com <erp@contoso.com>", "From ceo@contoso.com"],
  ["From: erp@contoso.com <ceo@contoso.com>", "From ceo@contoso.com"],
  ["From: Doe, Jane <erp@contoso.com>", "From unclear"],
  ['From: "Doe, Jane" <erp@contoso.com>', "may"],
  ["From: Jürgen Müller <erp@contoso.com>", "may"],
  ["From: ceo", "From unclear"],
  ["From: ceo, erp@contoso.com", "From unclear"],
  // Odd forms.
  ["From: <@evil.example:erp@contoso.com>", "From unclear"],
  ['From: "erp@contoso.com"@evil.example', 'From "erp@contoso.com"@evil.example'],
  ['From: "erp"@contoso.com', "may"],
  ["From: ceo@[127.0.0.1]", "From ceo@[127.0.0.1]"],
  ["From: erp@contoso.com.", "From unclear"],
  ["From: erp @ contoso.com", "From unclear"],
  ["From: erp@contoso.com\\", "From unclear"],
  ["From: \\(ceo@contoso.com\\), erp@contoso.com", "From unclear"],
  ["From:", "From unclear"],
  ["From: <>", "From unclear"],
  ["From: erp@c\u043entoso.com", "From erp@c\u043entoso.com"],
  ["From: \u0435rp@contoso.com", "From \u0435rp@contoso.com"],
  // Folded, and longer than what logs keep.
  ["From:\r\n erp@contoso.com", "may"],
  ["From: erp@contoso.com,\r\n\tceo@contoso.com", "From ceo@contoso.com"],
  ["From: ceo@\r\n contoso.com", "From unclear"],
  [`From: ${"erp@contoso.com, ".repeat(1_000)}ceo@contoso.com`, "From ceo@contoso.com"],
  [`From: ${"(x)\r\n ".repeat(1_000)}ceo@contoso.com`, "From ceo@contoso.com"],
  [`${"X: y\r\n".repeat(20_000)}From: ceo@contoso.com`, "From ceo@contoso.com"],
  // The others who are shown as senders.
  ["From: erp@contoso.com\r\nSender: shop-1@contoso.com", "may"],
  ["From: erp@contoso.com\r\nSender: ceo@contoso.com", "Sender ceo@contoso.com"],
  ["Sender: ceo@contoso.com\r\nFrom: erp@contoso.com", "Sender ceo@contoso.com"],
  ["From: erp@contoso.com\r\nSender:", "Sender unclear"],
  ["From: erp@contoso.com\r\nResent-From: ceo@contoso.com", "Resent-From ceo@contoso.com"],
  ["From: erp@contoso.com\r\nResent-Sender: ceo@contoso.com", "Resent-Sender ceo@contoso.com"],
  ["From: ceo@contoso.com\r\nResent-From: erp@contoso.com", "From ceo@contoso.com"],
  // Not shown as such.
  [
    "From: erp@contoso.com\r\nReply-To: ceo@contoso.com\r\nX-From: ceo@contoso.com\r\nFromm: ceo@contoso.com",
    "may",
  ],
  ["Subject: no From at all", "may"],
  ["From: erp@contoso.com\r\n\r\nFrom: ceo@contoso.com", "may"],
])("%j: %s", (header, expected) => {
  expect(refusedHeader(erp, `${header}\r\n`)).toBe(expected);
});

it("asks nothing of who may send as anybody", () => {
  expect(refusedHeader(["*"], 'From: "unclosed\r\n')).toBe("may");
});

describe("whatever stands around it, an address that is not among the rights is never let through", () => {
  const around = fc.constantFrom(
    "",
    " ",
    "(c)",
    "(",
    ")",
    '"',
    '"q"',
    ",",
    ";",
    ":",
    "<",
    ">",
    "G:",
    "=?utf-8?Q?x?=",
    "\\",
    "\r\n ",
    "[",
    "]",
    "erp@contoso.com",
    "@",
  );
  it("holds for From", () => {
    fc.assert(
      fc.property(
        fc.array(around, { maxLength: 6 }),
        fc.array(around, { maxLength: 6 }),
        (before, behind) => {
          const field = `From: ${before.join("")}<ceo@contoso.com>${behind.join("")}`;
          const result = refusedHeader(erp, `${field}\r\n`);
          if (result !== "may") return;
          // Let through, it must not be an address: a comment or a quoted string holds it.
          const bare = field.replaceAll(/\r\n/g, "");
          expect(hidden(bare)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
  /** Read by another reader's rules: within a comment or quotes. */
  function hidden(field: string): boolean {
    let depth = 0;
    let quoted = false;
    for (let i = 0; i < field.length; i++) {
      const c = field[i]!;
      if (field.startsWith("<ceo@", i) && depth === 0 && !quoted) return false;
      if (c === "\\" && (quoted || depth > 0)) i++;
      else if (quoted) quoted = c !== '"';
      else if (c === '"' && depth === 0) quoted = true;
      else if (c === "(") depth++;
      else if (c === ")" && depth > 0) depth--;
    }
    return true;
  }
});

test.each([
  "",
  " ",
  "@",
  "a@",
  "a@b@",
  "con toso.com",
  "*.*",
  "a@*",
  "**@",
  "a b@contoso.com",
  "a@contoso..com",
])("%j is no entry of sendAs", (text) => {
  expect(parse(text).ok).toBe(false);
});
