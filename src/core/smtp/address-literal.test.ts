import { expect, test } from "vitest";
import { canonicalLiteral } from "./address-literal.ts";

const longest = "1111:2222:3333:4444:5555:6666:123.123.123.123";

test.each([
  ["[192.0.2.1]", "[192.0.2.1]"],
  ["[IPv6:2001:DB8:0:0::1]", "[IPv6:2001:db8::1]"],
  ["[ipv6:::1]", "[IPv6:::1]"],
  ["[IPv6:::ffff:192.0.2.1]", "[192.0.2.1]"],
  [`[IPv6:${longest}]`, "[IPv6:1111:2222:3333:4444:5555:6666:7b7b:7b7b]"],
  [`[IPv6:${longest}1]`, undefined],
  ["[IPv6:fe80::1%eth0]", undefined],
  ["[2001:db8::1]", undefined],
  ["[192.0.2]", undefined],
  ["[192.0.2.256]", undefined],
  ["192.0.2.1]", undefined],
  ["[192.0.2.1", undefined],
  ["x192.0.2.1]", undefined],
  ["[]", undefined],
  ["[", undefined],
  ["", undefined],
  ["[tag:x]", undefined],
])("%s is %s", (literal, canonical) => {
  expect(canonicalLiteral(literal)).toBe(canonical);
});
