import { expect, it } from "vitest";
import { canonicalAddress, isPrivateAddress, sourceKey } from "./source.ts";

it.each([
  ["127.0.0.1", "127.0.0.1"],
  ["::ffff:10.1.2.3", "10.1.2.3"],
  ["::FFFF:10.1.2.3", "10.1.2.3"],
  ["FE80::1%eth0", "fe80::1"],
])("canonicalAddress(%s) is %s", (address, canonical) => {
  expect(canonicalAddress(address)).toBe(canonical);
});

it.each([
  ["10.1.2.3", "10.1.2.3"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8::5", "2001:db8:0:0::/64"],
  ["2001:db8:0:0:ffff::", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
])("sourceKey(%s) is %s", (address, key) => {
  expect(sourceKey(address)).toBe(key);
});

it.each([
  ["10.0.0.1", true],
  ["172.15.0.1", false],
  ["172.16.0.1", true],
  ["172.32.0.1", false],
  ["192.168.3.4", true],
  ["100.64.0.1", true],
  ["8.8.8.8", false],
  ["::1", true],
  ["fd12::1", true],
  ["fe80::1", true],
  ["2001:db8::1", false],
])("isPrivateAddress(%s) is %s", (address, isPrivate) => {
  expect(isPrivateAddress(address)).toBe(isPrivate);
});
