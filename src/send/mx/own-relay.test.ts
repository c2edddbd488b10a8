import { expect, it } from "vitest";
import { receiveConnector, smartHostConnector } from "../../testing/test-settings.ts";
import { createOwnRelay, type KnownAs } from "./own-relay.ts";

const settings: KnownAs = {
  hostname: "Relay.test",
  receiveConnectors: [
    receiveConnector({
      fqdn: "in.test",
      bindings: [
        { address: "192.0.2.1", port: 25 },
        { address: "0.0.0.0", port: 2525 },
      ],
    }),
    receiveConnector({ enabled: false, fqdn: "off.test", bindings: [{ address: "192.0.2.9", port: 25 }] }),
  ],
  sendConnectors: [smartHostConnector(25, { fqdn: "out.test" })],
};
const own = createOwnRelay(() => settings);

it.each([
  ["relay.test", true],
  ["in.test", true],
  ["out.test", true],
  ["other.test", false],
  ["", false],
])("is called %s: %s", (name, isOwn) => expect(own.isOwnName(name)).toBe(isOwn));

it.each([
  ["192.0.2.1", 25, true],
  ["192.0.2.1", 26, false],
  ["192.0.2.9", 25, false],
  ["127.0.0.5", 2525, true],
  ["203.0.113.200", 2525, false],
  ["::1", 2525, false],
])("takes mail itself at %s port %i: %s", (address, port, isOwn) => {
  expect(own.isOwnAddress(address, port)).toBe(isOwn);
});
