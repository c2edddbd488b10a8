import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { mailDate, receivedHeader, receivedPrefix, receivedProtocol } from "./received.ts";

const session = { helloName: "app.example", sourceAddress: "192.0.2.7", fqdn: "relay.test", tls: undefined };
const message = {
  protocol: "ESMTP",
  id: "4711",
  date: new Date("2026-11-05T04:05:06Z"),
  forMailbox: undefined,
} as const;
const header = (s = {}, m = {}): string =>
  receivedHeader(receivedPrefix({ ...session, ...s }), { ...message, ...m }).toString();

describe("receivedHeader", () => {
  it("is RFC 5321's", () => {
    expect(header()).toBe(
      "Received: from app.example ([192.0.2.7]) by relay.test\r\n with ESMTP id 4711; Thu, 5 Nov 2026 04:05:06 +0000\r\n",
    );
    expect(
      header({ sourceAddress: "2001:db8::1", tls: "TLSv1.3, X" }, { forMailbox: "a@b", protocol: "ESMTPS" }),
    ).toBe(
      "Received: from app.example ([IPv6:2001:db8::1]) by relay.test\r\n (using TLSv1.3, X)\r\n" +
        " with ESMTPS id 4711\r\n for <a@b>;\r\n Thu, 5 Nov 2026 04:05:06 +0000\r\n",
    );
  });

  it("folds in front of by where the line would be longer than 78 octets", () => {
    const nameOf = (octets: number): string => `${"a".repeat(octets - 5)}.test`;
    const most = 78 - "Received: from  ([192.0.2.7]) by relay.test".length;
    const lines = (octets: number): number[] =>
      header({ helloName: nameOf(octets) })
        .split("\r\n")
        .slice(0, 2)
        .map(({ length }) => length);
    expect(lines(most)[0]).toBe(78);
    expect(lines(most + 1)).toEqual([79 - " by relay.test".length, " by relay.test".length]);
  });

  it.each([
    ["", "from [192.0.2.7] by"],
    ["[192.0.2.9]", "from [192.0.2.9] ([192.0.2.7]) by"],
    ["[fe80::1]", "from [192.0.2.7] (helo=[fe80::1]) by"],
    ["host.", "from [192.0.2.7] (helo=host.) by"],
    ["a) by evil (b\\", "from [192.0.2.7] (helo=a? by evil ?b?)"],
    ["a\r\nX-Evil: 1", "from [192.0.2.7] (helo=a??X-Evil: 1)"],
    ["büro.example", "from [192.0.2.7] (helo=b?ro.example)"],
    ["a\0\x1b\u2028ü", "from [192.0.2.7] (helo=a????)"],
  ])("quotes the name %j", (helloName, text) => {
    expect(header({ helloName })).toContain(text);
  });

  it("has every printable character but those of a comment's syntax in a comment", () => {
    const all = Array.from({ length: 0x90 }, (_, code) => String.fromCharCode(code));
    const printable = /^[ -'*-[\]-~]$/;
    for (const character of all)
      expect(header({ tls: `<${character}>` }), JSON.stringify(character)).toContain(
        `(using <${printable.test(character) ? character : "?"}>)`,
      );
  });

  it("is one field whatever the client is called, in lines of at most 78 where names allow", () => {
    const name = fc.array(fc.nat(0x2030), { maxLength: 120 }).map((codes) => String.fromCharCode(...codes));
    fc.assert(
      fc.property(name, name, (helloName, tls) => {
        const text = header({ helloName, tls }, { forMailbox: "user@host.example" });
        expect(text.slice(0, -2)).not.toMatch(/\r\n(?! )|\r(?!\n)|(?<!\r)\n|[^\x20-\x7e\r\n]/);
        expect(text.endsWith("+0000\r\n")).toBe(true);
        for (const line of text.split("\r\n"))
          expect(line.length).toBeLessThanOrEqual(Math.max(150, 40 + helloName.length));
        // Comments are closed where they were opened.
        expect(text.match(/\(/g)?.length).toBe(text.match(/\)/g)?.length);
      }),
    );
    for (const line of header({ helloName: "h".repeat(30), fqdn: "f".repeat(40) }).split("\r\n"))
      expect(line.length).toBeLessThanOrEqual(78);
  });
});

describe("receivedProtocol", () => {
  it.each([
    [false, false, false, false, "SMTP"],
    [true, false, false, false, "ESMTP"],
    [true, true, false, false, "ESMTPS"],
    [true, false, true, false, "ESMTPA"],
    [true, true, true, false, "ESMTPSA"],
    [true, false, false, true, "UTF8SMTP"],
    [true, true, true, true, "UTF8SMTPSA"],
  ])("extended %s, tls %s, authenticated %s, utf8 %s: %s", (extended, tls, authenticated, smtpUtf8, name) => {
    expect(receivedProtocol({ extended, tls, authenticated, smtpUtf8 })).toBe(name);
  });
});

describe("mailDate", () => {
  it("names each day and month", () => {
    for (let day = 0; day < 366; day++) {
      const date = new Date(Date.UTC(2028, 0, 1 + day, day % 24, day % 60, (day * 7) % 60));
      expect(mailDate(date)).toBe(
        date
          .toUTCString()
          .replace(/ 0(?=\d )/, " ")
          .replace("GMT", "+0000"),
      );
    }
  });

  it.each([
    ["2026-11-24T05:48:38Z", "Tue, 24 Nov 2026 05:48:38 +0000"],
    ["2024-02-29T23:59:59.999Z", "Thu, 29 Feb 2024 23:59:59 +0000"],
    ["2027-01-01T00:00:00Z", "Fri, 1 Jan 2027 00:00:00 +0000"],
  ])("%s is %s", (iso, text) => {
    expect(mailDate(new Date(iso))).toBe(text);
  });
});
