import { expect, it } from "vitest";
import { parseAddress } from "../units/ip-address.ts";
import { sourceKey } from "./source.ts";

it.each([
  ["10.1.2.3", 64, "10.1.2.3"],
  ["::ffff:10.1.2.3", 64, "10.1.2.3"],
  ["2001:db8:1:2:3:4:5:6", 64, "2001:db8:1:2::/64"],
  ["2001:db8:1:2:3:4:5:6", 48, "2001:db8:1::/48"],
  ["2001:db8:1:2:3:4:5:6", 128, "2001:db8:1:2:3:4:5:6"],
  ["2001:db8::5", 64, "2001:db8::/64"],
  ["::1", 64, "::/64"],
])("sourceKey(%s, %s) is %s", (text, prefixLength, key) => {
  const address = parseAddress(text);
  expect(address && sourceKey(address, prefixLength)).toBe(key);
});
