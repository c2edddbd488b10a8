import { expect, test } from "vitest";
import { parseAddress } from "./ip-address.ts";
import { ipRange } from "./ip-range.ts";
import { isPrivateAddress, isPrivateRange } from "./private-address.ts";

test.each([
  ["127.0.0.1", true],
  ["10.255.255.255", true],
  ["172.16.0.1", true],
  ["172.32.0.1", false],
  ["192.168.3.4", true],
  ["169.254.1.1", true],
  ["100.64.0.1", true],
  ["100.128.0.1", false],
  ["8.8.8.8", false],
  ["::1", true],
  ["::2", false],
  ["fd00::1", true],
  ["fe80::1%eth0", true],
  ["2001:db8::1", false],
])("%s is private: %s", (text, expected) => {
  const address = parseAddress(text);
  expect(address && isPrivateAddress(address)).toBe(expected);
});

test.each([
  ["10.0.0.0/8", true],
  ["10.1.0.0/16", true],
  ["10.0.0.0/7", false],
  ["9.255.255.0-10.0.0.5", false],
  ["0.0.0.0/0", false],
])("all of %s is private: %s", (text, expected) => {
  expect(isPrivateRange(ipRange(text))).toBe(expected);
});
