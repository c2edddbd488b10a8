import { expect, it } from "vitest";
import { ipRange, parseAddress } from "../units/ip-range.ts";
import { chooseReceiveConnector } from "./receive-connector.ts";

const connector = (name: string, binding: string, ranges: readonly string[], enabled = true) => {
  const at = binding.lastIndexOf(":");
  return {
    name,
    enabled,
    bindings: [{ address: binding.slice(0, at), port: Number(binding.slice(at + 1)) }],
    remoteIpRanges: ranges.map(ipRange),
  };
};

// The worked example of Exchange's "Receive connectors".
const connectors = [
  connector("Default", "0.0.0.0:25", ["0.0.0.0-255.255.255.255"]),
  connector("Default6", ":::25", ["::/0"]),
  connector("Net", "0.0.0.0:25", ["192.168.1.0-192.168.1.255"]),
  connector("Host", "0.0.0.0:25", ["192.168.1.75"]),
  connector("Specific", "10.0.0.1:25", ["10.0.0.0/8"]),
  connector("Off", "0.0.0.0:25", ["192.168.1.75"], false),
  connector("Other", "0.0.0.0:2525", ["127.0.0.0/8", "::1"]),
];

it.each([
  ["10.9.9.9", 25, "192.168.1.75", "Host"],
  ["10.9.9.9", 25, "192.168.1.100", "Net"],
  ["10.9.9.9", 25, "8.8.8.8", "Default"],
  ["10.9.9.9", 25, "10.1.1.1", "Default"],
  ["10.0.0.1", 25, "10.1.1.1", "Specific"],
  ["10.9.9.9", 25, "::ffff:192.168.1.75", "Host"],
  ["2001:db8::1", 25, "2001:db8::9", "Default6"],
  ["127.0.0.1", 2525, "127.0.0.1", "Other"],
  ["127.0.0.1", 2525, "8.8.8.8", undefined],
  ["127.0.0.1", 26, "127.0.0.1", undefined],
])("to %s:%s from %s answers %s", (address, port, peer, name) => {
  const parsed = parseAddress(peer);
  expect(parsed && chooseReceiveConnector(connectors, { address, port }, parsed)?.name).toBe(name);
});
