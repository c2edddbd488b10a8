import { expect, test } from "vitest";
import { addressesByFamily, familyRule, type IpPreference } from "./ip-preference.ts";

const both = ["192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:db8::2"];
const v4 = ["192.0.2.1", "192.0.2.2"];
const v6 = ["2001:db8::1", "2001:db8::2"];

test.each<[IpPreference, source: string | undefined, automatic: 4 | 6, expected: readonly string[]]>([
  ["Automatic", undefined, 6, [...v6, ...v4]],
  ["Automatic", undefined, 4, [...v4, ...v6]],
  ["Automatic", "192.0.2.9", 6, v4],
  ["Automatic", "2001:db8::9", 4, v6],
  ["IPv4First", undefined, 6, [...v4, ...v6]],
  ["IPv4First", "2001:db8::9", 6, v6],
  ["IPv6First", undefined, 4, [...v6, ...v4]],
  ["IPv6First", "192.0.2.9", 4, v4],
  ["IPv4Only", undefined, 6, v4],
  ["IPv6Only", undefined, 4, v6],
])("%s from %s on a machine of IPv%d", (ipPreference, sourceIpAddress, automatic, expected) => {
  const rule = familyRule({ ipPreference, sourceIpAddress }, automatic);
  expect(addressesByFamily(both, rule)).toEqual(expected);
});
