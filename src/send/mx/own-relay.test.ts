import { describe, expect, test } from "vitest";
import { smartHostConnector } from "../../testing/test-settings.ts";
import { createOwnRelay, type KnownAs } from "./own-relay.ts";

const settings: KnownAs = {
  hostname: "Relay.test",
  transport: { ownAddresses: ["203.0.113.7", "2001:db8::7", "mx.contoso.com"] },
  receiveConnectors: [
    { enabled: true, fqdn: "in.test", bindings: [{ address: "192.0.2.1", port: 25 }] },
    { enabled: true, fqdn: "any.test", bindings: [{ address: "0.0.0.0", port: 26 }] },
    { enabled: true, fqdn: "both.test", bindings: [{ address: "::", port: 28 }] },
    { enabled: true, fqdn: "local.test", bindings: [{ address: "127.0.0.1", port: 27 }] },
    { enabled: true, fqdn: "six.test", bindings: [{ address: "2001:db8::9", port: 25 }] },
    { enabled: false, fqdn: "off.test", bindings: [{ address: "192.0.2.2", port: 25 }] },
  ],
  sendConnectors: [smartHostConnector(25, { fqdn: "out.test" })],
};
const own = createOwnRelay(
  () => settings,
  () => [
    { address: "198.51.100.7", family: "IPv4", internal: false },
    { address: "2001:db8:0:0::77", family: "IPv6", internal: false },
    { address: "::1", family: "IPv6", internal: true },
  ],
);

test.each([
  ["relay.test", true],
  ["in.test", true],
  ["out.test", true],
  ["mx.contoso.com", true],
  ["203.0.113.7", true],
  ["contoso.com", false],
  ["other.test", false],
])("the name %s is ours: %s", (name, expected) => expect(own.isOwnName(name)).toBe(expected));

describe("the address", () => {
  test.each([
    ["192.0.2.1", 25, true],
    ["192.0.2.1", 587, false],
    ["192.0.2.2", 25, false],
    ["127.0.0.1", 26, true],
    ["127.0.0.1", 25, false],
    ["::ffff:127.0.0.1", 26, true],
    ["0.0.0.0", 26, true],
    ["0.0.0.0", 27, true],
    ["::ffff:192.0.2.1", 25, true],
    ["2001:db8:0:0::9", 25, true],
    ["0.0.0.0", 25, false],
    ["198.51.100.7", 26, true],
    ["198.51.100.7", 27, false],
    ["2001:db8::77", 28, true],
    ["::1", 28, true],
    ["::", 28, true],
    ["2001:db8::78", 28, false],
    // Who listens at all addresses of IPv6 is asked for those of IPv4 by a binding of their own.
    ["198.51.100.7", 28, false],
    ["2001:db8::77", 26, false],
    // Who listens there is not seen from within: any port.
    ["203.0.113.7", 25, true],
    ["203.0.113.7", 587, true],
    ["2001:db8::7", 25, true],
    ["2001:DB8:0:0::7", 25, true],
    ["2001:db8::8", 25, false],
    ["198.51.100.1", 25, false],
  ])("%s, port %d, is ours: %s", (address, port, expected) =>
    expect(own.isOwnAddress(address, port)).toBe(expected),
  );

  test.each([
    ["127.0.0.1", true],
    ["127.1.2.3", true],
    ["198.51.100.7", true],
    ["2001:db8::77", true],
    ["::1", true],
    ["0.0.0.0", true],
    ["::ffff:127.0.0.1", true],
    ["203.0.113.7", true],
    ["::ffff:203.0.113.7", true],
    ["198.51.100.1", false],
    ["2001:db8::8", false],
  ])("%s is this machine's: %s", (address, expected) => expect(own.isThisMachine(address)).toBe(expected));
});

test("where this relay takes no mail at all nothing is its own", () => {
  const silent = createOwnRelay(
    () => ({ ...settings, transport: { ownAddresses: [] }, receiveConnectors: [], sendConnectors: [] }),
    () => [{ address: "198.51.100.7", family: "IPv4", internal: false }],
  );
  expect([silent.isOwnAddress("198.51.100.7", 25), silent.isThisMachine("198.51.100.7")]).toEqual([
    false,
    true,
  ]);
  expect([silent.isOwnName("relay.test"), silent.isOwnName("out.test")]).toEqual([true, false]);
});
