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
    ["PROXY TCP4 192.168.1.7 10.0.0.1 65535 65535\r\n", header(45, "192.168.1.7", 65535)],
    ["PROXY TCP4 192.168.1.7 10.0.0 1 25\r\n", { kind: "invalid" }],
    ["PROXY TCP4 192.168.1.7\r\n", { kind: "invalid" }],
    ["PROXY TCP4 192.168.1.7 10.0.0.1 1\r\n", { kind: "invalid" }],
    ["PROXY TCP4 192.168.1.7 10.0.0.1 1 65536\r\n", { kind: "invalid" }],
    ["PROXY TCP4 192.168.1.7 10.0.0.1 000001 25\r\n", { kind: "invalid" }],
    ["PROXY TCP4 192.168.1.7 10.0.0.1 x1 25\r\n", { kind: "invalid" }],
    [`PROXY UNKNOWN ${"x".repeat(91)}\r\n`, header(107)],
    [`PROXY UNKNOWN ${"x".repeat(92)}\r\n`, { kind: "invalid" }],
    [`PROXY UNKNOWN ${"x".repeat(92)}`, { kind: "incomplete" }],
    [`PROXY UNKNOWN ${"x".repeat(93)}`, { kind: "invalid" }],
    ["PROXY UDP4 192.168.1.7 10.0.0.1 1 25\r\n", { kind: "invalid" }],
    ["EHLO example.com\r\n", { kind: "invalid" }],
    [`PROXY ${"x".repeat(200)}`, { kind: "invalid" }],
  ])("%j", (text, expected) => {
    expect(parseProxyHeader(Buffer.from(text, "latin1"))).toEqual(expected);
  });
});

describe("version 2", () => {
  it.each([
    ["2111000cc0a801070a000001dc0400194548", header(28, "192.168.1.7", 56324)],
    [
      "2121002420010db800000000000000000000000720010db8000000000000000000000001dc040019",
      header(52, "2001:db8::7", 56324),
    ],
    [
      "2121002400000000000000000000ffff0a0102030000000000000000000000000000000100010019",
      header(52, "10.1.2.3", 1),
    ],
    ["20000000", header(16)],
    ["2111000fc0a801070a000001dc040019030000", header(31, "192.168.1.7", 56324)],
    ["21310000", header(16)],
    ["21", { kind: "incomplete" }],
    ["2111000cc0a801", { kind: "incomplete" }],
    ["1111000cc0a801070a000001dc040019", { kind: "invalid" }],
    ["2111000bc0a801070a000001dc0400", { kind: "invalid" }],
    ["2211000cc0a801070a000001dc040019", { kind: "invalid" }],
    ["2111ffff", { kind: "invalid" }],
    ["21111001", { kind: "invalid" }],
    ["21111000", { kind: "incomplete" }],
    ["211100", { kind: "incomplete" }],
    ["21210023" + "00".repeat(35), { kind: "invalid" }],
    ["2011000cc0a801070a000001dc040019", header(28)],
  ])("%s", (hex, expected) => {
    expect(parseProxyHeader(v2(hex))).toEqual(expected);
  });
});
