import { domainToASCII } from "node:url";
import { describe, expect, it } from "vitest";
import { isDomain, mailboxOf, parseMailbox, parsePath, routingDomain } from "./address.ts";

const label63 = "l".repeat(63);
const domain255 = `${label63}.${label63}.${label63}.${label63}`;
const local64 = "u".repeat(64);

describe("parsePath", () => {
  it.each([
    // [text, mailbox, local part, domain]
    ["<user@host.example>", "user@host.example", "user", "host.example"],
    ["<User@Host.Example>", "User@Host.Example", "User", "Host.Example"],
    ["<a.b.c@d>", "a.b.c@d", "a.b.c", "d"],
    ["<!#$%&'*+-/=?^_`{|}~@d>", "!#$%&'*+-/=?^_`{|}~@d", "!#$%&'*+-/=?^_`{|}~", "d"],
    [
      "<user%other.example@host.example>",
      "user%other.example@host.example",
      "user%other.example",
      "host.example",
    ],
    [
      "<other.example!user@host.example>",
      "other.example!user@host.example",
      "other.example!user",
      "host.example",
    ],
    ['<"x@a"@b>', '"x@a"@b', '"x@a"', "b"],
    ['<"a b"@c>', '"a b"@c', '"a b"', "c"],
    ['<"a\\"b\\\\"@c>', '"a\\"b\\\\"@c', '"a\\"b\\\\"', "c"],
    ['<"a>b"@c>', '"a>b"@c', '"a>b"', "c"],
    ['<""@c>', '""@c', '""', "c"],
    ["<user@[127.0.0.1]>", "user@[127.0.0.1]", "user", "[127.0.0.1]"],
    ["<user@[IPv6:::1]>", "user@[IPv6:::1]", "user", "[IPv6:::1]"],
    ["<user@[ipv6:2001:DB8::1]>", "user@[ipv6:2001:DB8::1]", "user", "[ipv6:2001:DB8::1]"],
    ["<@relay.example:user@host.example>", "user@host.example", "user", "host.example"],
    ["<@a,@b.example,@[127.0.0.1]:user@host.example>", "user@host.example", "user", "host.example"],
    ["<user@app_server>", "user@app_server", "user", "app_server"],
    ["<user@1.example>", "user@1.example", "user", "1.example"],
    ["<user@a--b.example>", "user@a--b.example", "user", "a--b.example"],
    [`<${local64}@d>`, `${local64}@d`, local64, "d"],
    [`<a@${domain255}>`, `a@${domain255}`, "a", domain255],
    ["user@host.example", "user@host.example", "user", "host.example"],
    ["<пример@пример.рф>", "пример@пример.рф", "пример", "пример.рф"],
    ['<"ü ü"@ü.example>', '"ü ü"@ü.example', '"ü ü"', "ü.example"],
  ])("takes %s", (text, mailbox, localPart, domain) => {
    for (const direction of ["reverse", "forward"] as const)
      expect(parsePath(text, 0, direction)).toMatchObject({ mailbox, localPart, domain, end: text.length });
  });

  it.each([
    "<>",
    "<",
    "",
    " ",
    "<user@>",
    "<@host>",
    "<@host:>",
    "<@:user@host>",
    "<@host,user@host>",
    "<@host,:user@host>",
    "<@a@b:user@host>",
    "<user@host",
    "<<user@host>>",
    "<us er@host>",
    "<user@host@evil>",
    "<user@host,evil@host>",
    "<user@host.>",
    "<user@.host>",
    "<user@ho..st>",
    "<user@-host>",
    "<user@host->",
    "<user@ho st>",
    "<u@good(x)evil>",
    "<(x)user@host>",
    "<user(x)@host>",
    "<user@(x)host>",
    "<user@host(x)>",
    "<user@ho;st>",
    "<user@host:25>",
    "<user@ho%st>",
    "<user@ho\\st>",
    "<us\\er@host>",
    '<"user@host>',
    '<user"@host>',
    '<"us"er@host>',
    '<"us"."er"@host>',
    '<"a\\"@host>',
    '<"a\0b"@host>',
    '<"a\r\nb"@host>',
    "<us\0er@host>",
    "<user@ho\0st>",
    "<us\r\ner@host>",
    "<us\ter@host>",
    "<us\x7fer@host>",
    "<user@[127.0.0.1>",
    "<user@127.0.0.1]>",
    "<user@[127.0.0.256]>",
    "<user@[127.0.0]>",
    "<user@[127.00.0.1]>",
    "<user@[0x7f.0.0.1]>",
    "<user@[]>",
    "<user@[::1]>",
    "<user@[IPv6:]>",
    "<user@[IPv6:::1%eth0]>",
    "<user@[IPv6:1:2:3]>",
    "<user@[IPv6:::g]>",
    "<user@[tag:x]>",
    "<user@[127.0.0.1].host>",
    "<user@[127.0.0.1]x>",
    "<us\u0085er@host>",
    "<us\u2028er@host>",
    "<us\u2029er@host>",
    "<us\u202eer@host>",
    "<user@ho\u2066st>",
    "<user@ho\u200bst>",
    "<\ufeffuser@host>",
    "<us\u00a0er@host>",
    "<user@ho\u3000st>",
  ])("refuses %j", (text) => {
    expect(parsePath(text, 0, "forward")).toBe("syntax");
  });

  it.each([
    `<${"u".repeat(513)}@d>`,
    `<a@${label63}l.example>`,
    `<a@${domain255}.x>`,
    // 257 characters of two octets each
    `<${"ü".repeat(257)}@d>`,
  ])("finds %s too long", (text) => {
    expect(parsePath(text, 0, "forward")).toBe("tooLong");
  });

  it.each([
    ["<.user@host>", ".user@host"],
    ["<user.@host>", "user.@host"],
    ["<us..er@host>", "us..er@host"],
    ["<...a...@docomo.example>", "...a...@docomo.example"],
    [`<${local64}u@d>`, `${local64}u@d`],
    [`<${"ü".repeat(33)}@d>`, `${"ü".repeat(33)}@d`],
    ["< user@host>", "user@host"],
    ["<user@host >", "user@host"],
    ["<  user@host  >", "user@host"],
    ["Printer 3 <user@host>", "user@host"],
    ['"Printer, 3"<user@host>', "user@host"],
    ["user@host", "user@host"],
  ])("takes %s as not conforming", (text, mailbox) => {
    for (const direction of ["reverse", "forward"] as const)
      expect(parsePath(text, 0, direction)).toMatchObject({ mailbox, conforming: false, end: text.length });
  });

  it.each(["<a.b@c>", '<"..a"@c>', `<${local64}@d>`, "<>", "<@relay:a@b>"])("%s conforms", (text) => {
    expect(parsePath(text, 0, "reverse")).toMatchObject({ conforming: true });
  });

  it.each(["<.@host>", "<..>", "<@>", "<a@b", "<a @b>", "<a@ b>", "<a b@c>", "x <>y"])(
    "still refuses %s",
    (text) => {
      expect(parsePath(text, 0, "forward")).toBe("syntax");
    },
  );

  it("knows the null reverse-path, and local parts without a domain", () => {
    expect(parsePath("<>", 0, "reverse")).toMatchObject({ mailbox: "", end: 2 });
    expect(parsePath("<>", 0, "forward")).toBe("syntax");
    for (const name of ["<Postmaster>", "<root>", "POSTMASTER", "root"])
      for (const direction of ["reverse", "forward"] as const)
        expect(parsePath(name, 0, direction)).toMatchObject({ domain: "", end: name.length });
  });

  it("ends where the path ends", () => {
    expect(parsePath("<a@b>SIZE=1", 0, "reverse")).toMatchObject({ end: 5 });
    expect(parsePath("a@b SIZE=1", 0, "reverse")).toMatchObject({ mailbox: "a@b", end: 3 });
    expect(parsePath("FROM:<a@b>", 5, "reverse")).toMatchObject({ mailbox: "a@b", end: 10 });
  });

  it("tells ASCII from what needs SMTPUTF8", () => {
    expect(parsePath("<a@b>", 0, "forward")).toMatchObject({ ascii: true });
    expect(parsePath("<ü@b>", 0, "forward")).toMatchObject({ ascii: false });
    expect(parsePath("<a@ü>", 0, "forward")).toMatchObject({ ascii: false });
  });
});

describe("mailboxOf", () => {
  it.each([
    ['"x@a"@b', '"x@a"', "b"],
    ["a@[IPv6:::1]", "a", "[IPv6:::1]"],
    ["postmaster", "postmaster", ""],
    ["", "", ""],
  ])("splits %s", (path, localPart, domain) => {
    expect(mailboxOf(path)).toEqual({ localPart, domain });
  });
});

describe("parseMailbox", () => {
  it("takes the whole text or nothing", () => {
    expect(parseMailbox("a@b")).toMatchObject({ localPart: "a", domain: "b" });
    for (const text of ["a@b ", "a@b>", "<a@b>", "postmaster", "", "a@b,c@d"])
      expect(parseMailbox(text)).toBeUndefined();
  });
});

describe("routingDomain", () => {
  it.each([
    ["Host.EXAMPLE", "host.example"],
    ["app_server", "app_server"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["BÜCHER.example", "xn--bcher-kva.example"],
    // The same characters, decomposed.
    ["bu\u0308cher.example", "xn--bcher-kva.example"],
    ["XN--Bcher-kva.example", "xn--bcher-kva.example"],
    ["пример.рф", "xn--e1afmkfd.xn--p1ai"],
    ["[127.0.0.1]", "[127.0.0.1]"],
    ["[ipv6:2001:DB8:0:0:0:0:0:1]", "[IPv6:2001:db8::1]"],
    ["[IPv6:::FFFF:127.0.0.1]", "[127.0.0.1]"],
  ])("%s is %s", (domain, canonical) => {
    expect(routingDomain(domain, domainToASCII)).toBe(canonical);
  });

  it.each([
    "",
    "a..b",
    "host.",
    "[127.0.0.1",
    "a b",
    "a@b",
    "a%40b",
    // Full-width letters, a ligature, ideographic and full-width stops, full-width digits, a soft hyphen.
    "ｅxample.com",
    "oﬃce.com",
    "a。example",
    "a．example",
    "１27.0.0.1",
    "exam\u00adple.com",
    // Too long only as an A-label.
    `${"ü".repeat(60)}.example`,
  ])("%j has none", (domain) => {
    expect(routingDomain(domain, domainToASCII)).toBeUndefined();
  });

  it("does not ask for ASCII domains", () => {
    const refuse = (): string => {
      throw new Error("asked");
    };
    expect(routingDomain("A.example", refuse)).toBe("a.example");
  });
});

describe("isDomain", () => {
  it("is of the whole text", () => {
    expect(isDomain("a.b")).toBe(true);
    for (const text of ["", "a.b ", "a.b.", "[127.0.0.1]", `${domain255}x`])
      expect(isDomain(text)).toBe(false);
  });
});
