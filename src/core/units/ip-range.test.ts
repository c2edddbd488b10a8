import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  contains,
  formatAddress,
  formatIpRange,
  ipRange,
  overlap,
  parseAddress,
  parseIpRange,
  rangeSize,
} from "./ip-range.ts";
import { isPrivateAddress, isPrivateRange } from "./private-address.ts";

describe("parseAddress", () => {
  test.each([
    ["127.0.0.1", 4, 0x7f000001n],
    ["0.0.0.0", 4, 0n],
    ["255.255.255.255", 4, 0xffffffffn],
    ["::ffff:10.0.0.1", 4, 0x0a000001n],
    ["::FFFF:10.0.0.1", 4, 0x0a000001n],
    ["::ffff:a00:1", 4, 0x0a000001n],
    ["0:0:0:0:0:ffff:10.0.0.1", 4, 0x0a000001n],
    ["::1", 6, 1n],
    ["fe80::1%eth0", 6, (0xfe80n << 112n) | 1n],
    ["2001:DB8::", 6, 0x20010db8n << 96n],
  ])("%s", (text, family, value) => {
    expect(parseAddress(text)).toEqual({ family, value });
  });

  test.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "0x7f.0.0.1",
    "1.2.3.4 ",
    "1..2.3",
    ".1.2.3",
    "localhost",
    "::g",
    "1::2::3",
    "::ffff:010.0.0.1",
    "[::1]",
    "1.2.3.4:25",
    ":".repeat(70_000),
  ])("refuses %j", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it("reads back what it prints", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
        fc.bigInt({ min: 0n, max: 0xffffffffn }),
        (v6, v4) => {
          expect(parseAddress(formatAddress({ family: 4, value: v4 }))).toEqual({ family: 4, value: v4 });
          const folded =
            v6 >> 32n === 0xffffn ? { family: 4, value: v6 & 0xffffffffn } : { family: 6, value: v6 };
          expect(parseAddress(formatAddress({ family: 6, value: v6 }))).toEqual(folded);
        },
      ),
    );
  });
});

describe("parseIpRange", () => {
  test.each([
    ["192.168.1.75", "192.168.1.75", 1n],
    ["192.168.1.0/24", "192.168.1.0/24", 256n],
    ["192.168.1.77/24", "192.168.1.0/24", 256n],
    ["192.168.1.0-192.168.1.255", "192.168.1.0/24", 256n],
    ["10.0.0.1 - 10.0.0.9", "10.0.0.1-10.0.0.9", 9n],
    ["10.0.0.0/255.255.0.0", "10.0.0.0/16", 65536n],
    ["10.0.0.0(255.255.0.0)", "10.0.0.0/16", 65536n],
    ["0.0.0.0/0", "0.0.0.0/0", 1n << 32n],
    ["0.0.0.0-255.255.255.255", "0.0.0.0/0", 1n << 32n],
    ["::/0", "::/0", 1n << 128n],
    ["::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0", 1n << 128n],
    ["2001:db8::/32", "2001:db8::/32", 1n << 96n],
    ["::1", "::1", 1n],
    ["::ffff:10.0.0.0/104", "10.0.0.0/8", 1n << 24n],
    ["::ffff:10.0.0.1-::ffff:10.0.0.2", "10.0.0.1-10.0.0.2", 2n],
    ["::ffff:0:0/90", "::ffc0:0:0/90", 1n << 38n],
  ])("%s is %s", (text, printed, size) => {
    const range = ipRange(text);
    expect(formatIpRange(range)).toBe(printed);
    expect(rangeSize(range)).toBe(size);
    expect(range.text).toBe(text);
  });

  test.each([
    ["10.0.0.0/33", /above 32/],
    ["::/129", /above 128/],
    ["10.0.0.9-10.0.0.1", /ends before/],
    ["10.0.0.1-::1", /mixes/],
    ["10.0.0.0/255.0.255.0", /not a netmask/],
    ["fe80::1%11", /zone/],
    ["localhost", /not an IP range/],
    ["10.0.0.0/", /not an IP range/],
    ["10.0.0/8", /not an IP range/],
    ["", /not an IP range/],
  ])("refuses %s", (text, message) => {
    const result = parseIpRange(text);
    expect(result.ok ? "" : result.message).toMatch(message);
  });

  it("holds both ends and nothing outside, and prints what it reads", () => {
    const address = fc.bigInt({ min: 0n, max: 0xffffffffn });
    fc.assert(
      fc.property(address, address, (a, b) => {
        const [first, last] = a < b ? [a, b] : [b, a];
        const range = { family: 4 as const, first, last, text: "" };
        expect(contains(range, { family: 4, value: first })).toBe(true);
        expect(contains(range, { family: 4, value: last })).toBe(true);
        expect(contains(range, { family: 4, value: last + 1n })).toBe(false);
        expect(contains(range, { family: 6, value: first })).toBe(false);
        expect({ ...ipRange(formatIpRange(range)), text: "" }).toEqual(range);
      }),
    );
  });
});

test.each([
  ["10.0.0.0/8", "10.0.0.0/8", "same"],
  ["10.1.0.0/16", "10.0.0.0/8", "inside"],
  ["10.0.0.0/8", "10.1.2.3", "around"],
  ["10.0.0.0-10.0.0.9", "10.0.0.5-10.0.0.20", "partial"],
  ["10.0.0.0-10.0.0.9", "10.0.0.10", "none"],
  ["0.0.0.0/0", "::/0", "none"],
])("%s lies to %s: %s", (a, b, expected) => {
  expect(overlap(ipRange(a), ipRange(b))).toBe(expected);
});

test.each([
  ["127.0.0.1", true],
  ["::1", true],
  ["::ffff:192.168.4.4", true],
  ["172.32.0.1", false],
  ["8.8.8.8", false],
  ["2001:db8::1", false],
])("%s is private: %s", (text, expected) => {
  const address = parseAddress(text);
  expect(address && isPrivateAddress(address)).toBe(expected);
  expect(isPrivateRange(ipRange(text))).toBe(expected);
});
