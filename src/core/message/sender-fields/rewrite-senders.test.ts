import { domainToASCII } from "node:url";
import * as fc from "fast-check";
import addressparser from "nodemailer/lib/addressparser";
import { describe, expect, it, test } from "vitest";
import {
  senderRewriting,
  type AddressRewriteEntry,
  type SenderRewriting,
} from "../../policy/address-rewriting.ts";
import { rewriteSenders } from "./rewrite-senders.ts";

const entry = (
  internalAddress: AddressRewriteEntry["internalAddress"],
  externalAddress: AddressRewriteEntry["externalAddress"],
  keepReplyTo = true,
): AddressRewriteEntry => ({
  name: "e",
  internalAddress,
  externalAddress,
  exceptionList: [],
  sendConnectors: [],
  keepReplyTo,
});
const rewriting = (...entries: AddressRewriteEntry[]): SenderRewriting =>
  senderRewriting(entries, "Out", domainToASCII) ?? (() => undefined);
const oldLocal = entry(
  { kind: "domain", text: "*.old.local", domain: { domain: "old.local", subdomains: true } },
  { kind: "domain", text: "contoso.com", domain: "contoso.com" },
);
const anybody = entry(
  { kind: "anybody", text: "*" },
  { kind: "address", text: "relay@contoso.com", address: "relay@contoso.com" },
);
const toDomain = rewriting(oldLocal);
const toRelay = rewriting(anybody);
const quietly = rewriting({ ...anybody, keepReplyTo: false });

function head(lines: readonly string[], rewrite: SenderRewriting, sender?: string): string[] | undefined {
  const octets = Buffer.from(lines.map((line) => `${line}\r\n`).join(""), "latin1");
  const changed = rewriteSenders(octets, rewrite, sender)?.toString("latin1");
  if (changed === undefined) return undefined;
  expect(changed.endsWith("\r\n")).toBe(true);
  return changed.slice(0, -2).split(/\r\n(?![ \t])/);
}

test.each<[string, string[], string[] | undefined]>([
  ["nobody of that domain", ["From: a@x.test", "To: b@old.local"], undefined],
  ["a bare address", ["From: a@old.local"], ["From: a@contoso.com", "Reply-To: a@old.local"]],
  [
    "the name stays as it stands",
    ['from : "Doe, J" (of\r\n IT) <A.b@Old.Local> (x)'],
    [
      'from : "Doe, J" (of\r\n IT) <A.b@contoso.com> (x)',
      'Reply-To: "Doe, J" (of\r\n IT) <A.b@Old.Local> (x)',
    ],
  ],
  [
    "encoded words, and octets of no known character set",
    ["From: =?utf-8?B?w7w=?= M\xfcller <a@sub.old.local>"],
    [
      "From: =?utf-8?B?w7w=?= M\xfcller <a@contoso.com>",
      "Reply-To: =?utf-8?B?w7w=?= M\xfcller <a@sub.old.local>",
    ],
  ],
  [
    "an address that stands as a name",
    ['From: "a@old.local" <a@old.local>'],
    ['From: "a@old.local" <a@contoso.com>', 'Reply-To: "a@old.local" <a@old.local>'],
  ],
  [
    "an address that stands in a comment",
    ["From: (a@old.local) a@old.local"],
    ["From: (a@old.local) a@contoso.com", "Reply-To: (a@old.local) a@old.local"],
  ],
  [
    "several, and one of them not of that domain",
    ["From: a@old.local,\r\n\tB <b@x.test>", "Sender: S <s@old.local>"],
    [
      "From: a@contoso.com,\r\n\tB <b@x.test>",
      "Reply-To: a@old.local,\r\n\tB <b@x.test>",
      "Sender: S <s@contoso.com>",
    ],
  ],
  [
    "a Reply-To is there",
    ["Reply-To: x@y.test", "From: a@old.local"],
    ["Reply-To: x@y.test", "From: a@contoso.com"],
  ],
  ["the sender only", ["From: a@x.test", "SENDER:s@old.local"], ["From: a@x.test", "SENDER:s@contoso.com"]],
  [
    "a group",
    ["From: Team: a@old.local, b@x.test;"],
    ["From: Team: a@contoso.com, b@x.test;", "Reply-To: Team: a@old.local, b@x.test;"],
  ],
  [
    "SMTPUTF8",
    [Buffer.from("From: Jörg <jörg@old.local>").toString("latin1")],
    [
      Buffer.from("From: Jörg <jörg@contoso.com>").toString("latin1"),
      Buffer.from("Reply-To: Jörg <jörg@old.local>").toString("latin1"),
    ],
  ],
  [
    "two that become the same",
    ["From: a@old.local, A <a@sub.old.local>, c@x.test"],
    ["From: a@contoso.com,\r\n c@x.test", "Reply-To: a@old.local, A <a@sub.old.local>, c@x.test"],
  ],
  ["what is no address stays without an entry for everybody", ["From: root"], undefined],
  ["line ends that are none hide no field", ["From: a@old.local\nBcc: x@y.test"], undefined],
  [
    "and no address behind them",
    ["From: A\rB\nC\0 <a@old.local>"],
    ["From: A B C  <a@contoso.com>", "Reply-To: A B C  <a@old.local>"],
  ],
])("by domain: %s", (_, lines, expected) => expect(head(lines, toDomain)).toEqual(expected));

test.each<[string, string[], string[] | undefined]>([
  ["anybody", ["From: A <a@x.test>"], ["From: A <relay@contoso.com>", "Reply-To: A <a@x.test>"]],
  ["who is it already", ["From: Relay@Contoso.com"], undefined],
  ["a name alone", ["From: Cron Daemon"], ["From: Cron Daemon <relay@contoso.com>"]],
  [
    "an account",
    ["From: root (Cron Daemon)", "Sender: root"],
    ['From: "root (Cron Daemon)" <relay@contoso.com>', "Sender: root <relay@contoso.com>"],
  ],
  ["nothing", ["From:"], ["From: <relay@contoso.com>"]],
  [
    "a name with a comma, without quotes",
    ["From: M\xfcller, Hans <hans@x.test>"],
    ['From: "M\xfcller, Hans" <relay@contoso.com>', "Reply-To: <hans@x.test>"],
  ],
  ["an address that is none", ["From: <a b@x.test>"], ["From: <relay@contoso.com>"]],
  ["an open quote", ['From: "a <a@x.test>'], ["From: a <relay@contoso.com>"]],
  [
    "several become one",
    ["From: a@x.test, b@y.test"],
    ["From: relay@contoso.com", "Reply-To: a@x.test, b@y.test"],
  ],
  [
    "two fields",
    ["From: a@x.test", "From: b@x.test"],
    ["From: relay@contoso.com", "Reply-To: a@x.test", "From: relay@contoso.com"],
  ],
])("everybody: %s", (_, lines, expected) => expect(head(lines, toRelay)).toEqual(expected));

it("leaves Reply-To to the message where it is told so", () => {
  expect(head(["From: A <a@x.test>"], quietly)).toEqual(["From: A <relay@contoso.com>"]);
});

it("names the sender as author of a message without one", () => {
  expect(head(["Subject: s"], toRelay, "relay@contoso.com")).toEqual([
    "Subject: s",
    "From: <relay@contoso.com>",
  ]);
  expect(rewriteSenders(Buffer.from(""), toRelay, "r@x.test")?.toString()).toBe("From: <r@x.test>\r\n");
  expect(rewriteSenders(Buffer.from("Subject: s"), toRelay, "r@x.test")?.toString()).toBe(
    "Subject: s\r\nFrom: <r@x.test>\r\n",
  );
});

test.each([
  ["of the author", "h=To:From; b=x", true],
  ["folded", "h=to\r\n :from;\r\n b=x", true],
  ["first tag", " h = from; b=x", true],
  ["unreadable", "v=1", true],
  ["of other fields", "h=to:subject; b=x; bh=from", false],
])("a signature %s", (_, tags, goes) => {
  const lines = [`DKIM-Signature: v=1; ${tags}`, "From: a@x.test", "Reply-To: r@x.test"];
  expect(head(lines, toRelay)).toEqual([
    ...(goes ? [] : [`DKIM-Signature: v=1; ${tags}`]),
    "From: relay@contoso.com",
    "Reply-To: r@x.test",
  ]);
});

it("keeps lines below 998 octets", () => {
  const local = "l".repeat(64);
  const names = Array.from({ length: 13 }, (_, index) => `${local.slice(2)}${index + 10}@x.test`);
  const lines =
    head(
      [`From: ${names.join(",")} (${"c".repeat(45)})`],
      rewriting({
        ...anybody,
        externalAddress: { kind: "domain", text: "", domain: `${"d".repeat(60)}.test` },
      }),
    ) ?? [];
  for (const line of lines.flatMap((each) => each.split("\r\n")))
    expect(line.length).toBeLessThanOrEqual(998);
  expect(addressparser(lines[0]?.slice(5) ?? "")).toHaveLength(13);
  expect(addressparser(lines[1]?.slice(9) ?? "").map((each) => "address" in each && each.address)).toEqual(
    names,
  );
});

it("takes a header of 60 KB", () => {
  const many = Array.from({ length: 1500 }, (_, index) => `X-F${index}: ${"v".repeat(28)}`);
  const lines = [...many, "From: a@old.local", ...many];
  expect(head(lines, toDomain)).toEqual([...many, "From: a@contoso.com", "Reply-To: a@old.local", ...many]);
});

describe("whatever the header says", () => {
  const word = fc.constantFrom(
    "Name",
    '"Doe, J"',
    '"x@old.local"',
    "=?utf-8?B?w7w=?=",
    "(c@old.local)",
    "(a (b) \\))",
    "\xff\xe4",
    '"\\""',
    "\r\n ",
    "\r\n\t",
  );
  const address = fc
    .tuple(
      fc.constantFrom("a", "Dev", "d.e", '"q,q"', '"<x"'),
      fc.constantFrom("old.local", "OLD.local", "s.old.local", "x.test"),
    )
    .map(([local, domain]) => `${local}@${domain}`);
  const named = fc
    .tuple(fc.array(word, { maxLength: 3 }), address, fc.constantFrom("", " (b@old.local)", "\r\n "))
    .map(([words, of, tail]) => `${words.join(" ")} <${of}>${tail}`);
  const author = fc.array(fc.oneof(named, address), { minLength: 1, maxLength: 4 });
  const other = fc
    .tuple(
      fc.constantFrom("To", "Subject", "X-From", "Received", "Reply-To", "From-X"),
      fc.array(fc.oneof(word, address), { maxLength: 4 }),
    )
    .map(([name, words]) => `${name}: ${words.join(" ")}`);
  const sloppy = fc
    .array(
      fc.oneof(
        word,
        address,
        fc.constantFrom("<", ">", '"', "(", ")", ",", ";", ":", "@", "\\", "\n", "\r", "\0", "root"),
      ),
      { maxLength: 8 },
    )
    .map((pieces) => pieces.join(""));

  const addressesIn = (field: string): string[] =>
    addressparser(field.slice(field.indexOf(":") + 1).replaceAll(/\r\n(?=[ \t])/g, ""), {
      flatten: true,
    }).map(({ address: found }) => found.toLowerCase());

  test("everything else stays octet by octet, and the field names the new addresses", () => {
    fc.assert(
      fc.property(
        fc.array(other, { maxLength: 4 }),
        author,
        fc.array(other, { maxLength: 4 }),
        (before, authors, after) => {
          const from = `From: ${authors.join(",")}`;
          const lines = [...before, from, ...after];
          const got = head(lines, toDomain);
          const was = addressesIn(from);
          if (!was.some((each) => each.endsWith("old.local"))) {
            expect(got).toBeUndefined();
            return;
          }
          const had = lines.filter((line) => line.startsWith("Reply-To:")).length;
          const now = got ?? [];
          const at = before.length;
          const added = had === 0 ? 1 : 0;
          expect(now.slice(0, at)).toEqual(before);
          expect(now.slice(at + 1 + added)).toEqual(after);
          const wanted = [
            ...new Set(was.map((each) => each.replace(/@(?:s\.)?old\.local$/, "@contoso.com"))),
          ];
          expect(addressesIn(now[at] ?? "")).toEqual(wanted);
          if (added === 1) expect(now[at + 1]).toBe(`Reply-To: ${authors.join(",")}`);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("nobody but the one sender is left where everybody is rewritten", () => {
    fc.assert(
      fc.property(sloppy, fc.array(other, { maxLength: 3 }), (value, others) => {
        const octets = Buffer.from(
          [`From: ${value}`, ...others].map((line) => `${line}\r\n`).join(""),
          "latin1",
        );
        const changed = rewriteSenders(octets, toRelay, undefined)?.toString("latin1") ?? "";
        const [from = "", ...rest] = changed.split(/\r\n(?![ \t])/);
        // A comment alone in the place of a group's member is an entry without an address, for nobody.
        const left = addressesIn(from.replaceAll(/[\r\n]/g, " ")).filter((each) => each !== "");
        expect(left).toEqual(["relay@contoso.com"]);
        expect(
          rest
            .slice(
              rest[0]?.startsWith("Reply-To: ") === true && !(others[0] ?? "").startsWith("Reply-To:")
                ? 1
                : 0,
            )
            .join("\r\n")
            .endsWith(others.map((line) => `${line}\r\n`).join("")),
        ).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
