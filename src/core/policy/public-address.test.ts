import { expect, test } from "vitest";
import { isPublicAddress } from "./public-address.ts";

test.each([
  ["8.8.8.8", true],
  ["2001:4860:4860::8888", true],
  ["2606:4700::1", true],
  ["::ffff:8.8.8.8", true],
  ["64:ff9b::8.8.8.8", true],
  ["64:ff9b::10.0.0.1", false],
  ["64:ff9b::127.0.0.1", false],
  ["::ffff:10.0.0.1", false],
  ["10.0.0.1", false],
  ["127.0.0.1", false],
  ["169.254.1.1", false],
  ["100.64.0.1", false],
  ["0.0.0.0", false],
  ["224.0.0.1", false],
  ["255.255.255.255", false],
  ["::1", false],
  ["fe80::1", false],
  ["fd00::1", false],
  ["::10.0.0.1", false],
  ["fec0::1", false],
  ["4000::1", false],
  ["1000::1", false],
  ["3ffe::1", true],
  ["localhost", false],
  ["", false],
])("%s: %s", (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic);
});
