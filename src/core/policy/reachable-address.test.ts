import { expect, test } from "vitest";
import { reachableEndpoint } from "./reachable-address.ts";

const loopback = { address: "127.0.0.1", internal: true };
const linkLocal = [
  { address: "169.254.1.1", internal: false },
  { address: "fe80::1", internal: false },
];
const v4 = { address: "10.1.2.3", internal: false };
const other = { address: "10.9.9.9", internal: false };
const v6 = { address: "2001:db8::7", internal: false };

test.each([
  ["10.0.0.1", [v4], "10.0.0.1"],
  ["127.0.0.1", [v4], "127.0.0.1"],
  ["0.0.0.0", [loopback, ...linkLocal, v6, v4, other], "10.1.2.3"],
  ["::", [loopback, ...linkLocal, v4, v6], "2001:db8::7"],
  ["::", [loopback, ...linkLocal, v4], "10.1.2.3"],
  ["0.0.0.0", [loopback, v6], "0.0.0.0"],
  ["0.0.0.0", [loopback, ...linkLocal], "0.0.0.0"],
])("what listens on %s of a machine with %j is reached at %s", (address, own, expected) => {
  expect(reachableEndpoint({ address, port: 8026 }, own)).toEqual({ address: expected, port: 8026 });
});
