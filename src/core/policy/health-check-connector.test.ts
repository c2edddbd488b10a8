import { expect, test } from "vitest";
import { receiveConnector } from "../../testing/test-settings.ts";
import { healthCheckConnector, type ReceiveConnectorSettings } from "./receive-connector.ts";

const bound = (name: string, port: number, more: Partial<ReceiveConnectorSettings> = {}) =>
  receiveConnector({ name, bindings: [{ address: "0.0.0.0", port }], ...more });
const local = { address: "10.0.0.1", port: 25 };

test.each<[string, readonly ReceiveConnectorSettings[], "SMTP" | "HTTP", string | undefined]>([
  ["the one that is bound there", [bound("Other", 587), bound("Here", 25)], "SMTP", "Here"],
  ["the first of two", [bound("Here", 25), bound("Also", 25)], "SMTP", "Here"],
  ["none that is disabled", [bound("Off", 25, { enabled: false }), bound("Here", 25)], "SMTP", "Here"],
  ["none where nobody is bound", [bound("Other", 587)], "SMTP", undefined],
  ["none of another door", [bound("Here", 25)], "HTTP", undefined],
  ["the one of its door", [bound("Http", 26, { httpBindings: [local] })], "HTTP", "Http"],
])("a check of the relay is answered by %s", (_, connectors, door, name) => {
  expect(healthCheckConnector(connectors, local, door)?.name).toBe(name);
});

test("without its rights: it takes no mail, and wants no TLS", () => {
  const trusted = bound("Here", 25, {
    authMechanism: ["BasicAuth"],
    permissionGroups: ["AnonymousUsers", "ExchangeUsers"],
    anonymousRelay: true,
    requireTls: true,
  });
  expect(healthCheckConnector([trusted], local)).toEqual({
    ...trusted,
    authMechanism: [],
    permissionGroups: [],
    anonymousRelay: false,
    requireTls: false,
  });
});
