import { describe, expect, it } from "vitest";
import { parseProxyHeader } from "./proxy-header.ts";

const signature = "0d0a0d0a000d0a515549540a";
const v2 = (rest: string): Buffer => Buffer.from(signature + rest, "hex");
const header = (lengthBytes: number, address?: string, port?: number) => ({
  kind: "header",
  lengthBytes,
  source: address === undefined ? undefined : { address, port },
});

describe("version 1", () => {
  it.each([
    ["PROXY TCP4 192.168.1.7 10.0.0.1 56324 25\r\nEHLO x\r\n", header(42, "192.168.1.7", 56324)],
    ["PROXY TCP6 2001:db8::7 2001:db8::1 56324 25\r\n", header(45, "2001:db8::7", 56324)],
    ["PROXY TCP6 ::ffff:10.1.2.3 ::1 1 25\r\n", header(37, "10.1.2.3", 1)],
    ["PROXY UNKNOWN\r\n", header(15)],
    ["PROXY UNKNOWN ffff:f::ffff ffff::ffff 65535 65535\r\n", header(51)],
    ["PROX", { kind: "incomplete" }],
    ["PROXY TCP4 192.168.1.7", { kind: "incomplete" }],
    ["PROXY TCP4 192.168.1.7 10.0.0.1 56324 25\n", { kind: "incomplete" }],
    ["", { kind: "incomplete" }],
    ["PROXY TCP4 192.168.1.700 10.0.0.1 56324 25\r\n", { kind: "invalid" }],
    ["PROXY TCP4 192.168.1.7 10.0.0.1 65536 25\r\n", { kind: "invalid" }],
    ["PROXY TCP4 192.168.1.7 10.0.0.1 1 25 x\r\n", { kind: "invalid" }],
    ["PROXY UDP4 192.168.1.7 10.0.0.1 1 25\r\n", { kind: "invalid" }],
    ["EHLO example.com\r\n", { kind: "invalid" }],
    [`PROXY ${"x".repeat(200)}`, { kind: "invalid" }],
  ])("%j", (text, expected) => {
    expect(parseProxyHeader(Buffer.from(text, "latin1"))).toEqual(expected);
  });
});

describe("version 2", () => {
  it.each([
    ["2111000c" + "c0a80107" + "0a000001" + "dc040019" + "4548", header(28, "192.168.1.7", 56324)],
    [
      "21210024" + "20010db8000000000000000000000007" + "20010db8000000000000000000000001" + "dc040019",
      header(52, "2001:db8::7", 56324),
    ],
    [
      "21210024" + "00000000000000000000ffff0a010203" + "00000000000000000000000000000001" + "00010019",
      header(52, "10.1.2.3", 1),
    ],
    ["20000000", header(16)],
    ["2111000f" + "c0a80107" + "0a000001" + "dc040019" + "030000", header(31, "192.168.1.7", 56324)],
    ["21310000", header(16)],
    ["21", { kind: "incomplete" }],
    ["2111000c" + "c0a801", { kind: "incomplete" }],
    ["1111000c" + "c0a80107" + "0a000001" + "dc040019", { kind: "invalid" }],
    ["2111000b" + "c0a80107" + "0a000001" + "dc0400", { kind: "invalid" }],
    ["2211000c" + "c0a80107" + "0a000001" + "dc040019", { kind: "invalid" }],
    ["2111ffff", { kind: "invalid" }],
  ])("%s", (hex, expected) => {
    expect(parseProxyHeader(v2(hex))).toEqual(expected);
  });
});
