import { expect, test } from "vitest";
import { profileNames, receiveProfiles } from "../core/policy/receive-profiles.ts";
import { formatFault } from "./fault.ts";
import { parseConfig } from "./parse-config.ts";
import { plainReceiveConnector } from "./plain-settings.ts";

const parse = (settings: string) =>
  parseConfig(
    `receiveConnectors:\n  - { name: A, bindings: ["0.0.0.0:25"], remoteIpRanges: ["10.0.0.0/8"], permissionGroups: [AnonymousUsers]${settings} }\n`,
    { file: "/etc/weir/weir.yaml", hostname: "relay.test" },
  );

const read = (settings: string) => {
  const result = parse(settings);
  if (!result.ok) throw new Error(result.faults.map((fault) => formatFault(fault, "f")).join("\n"));
  const [connector] = result.settings.receiveConnectors;
  return {
    connector: connector!,
    origin: (name: string) => result.origins.get(`receiveConnectors[0].${name}`),
  };
};

test.each(profileNames)("%s is a bundle of settings that exist, and says so of each", (profile) => {
  const { connector, origin } = read(`, profile: ${profile}`);
  const shown = plainReceiveConnector(connector);
  expect(shown["profile"]).toBe(profile);
  for (const [name, value] of Object.entries(receiveProfiles[profile])) {
    expect([name, origin(name)]).toEqual([name, "preset"]);
    if (typeof value === "boolean") expect([name, shown[name]]).toEqual([name, value]);
  }
  expect(origin("maxMessageSize")).toBe("default");
  expect(parse(`, profile: ${profile}`)).toMatchObject({ ok: true });
});

test("a single setting goes before its profile, and is told as set", () => {
  const { connector, origin } = read(", profile: legacyDevice, tlsMinVersion: TLSv1.2, maxProtocolErrors: 3");
  expect(connector).toMatchObject({ tlsMinVersion: "TLSv1.2", maxProtocolErrors: 3, requireHello: false });
  expect([origin("tlsMinVersion"), origin("requireHello")]).toEqual(["set", "preset"]);
});

test("a profile goes before what a usage presets, and old TLS is in none but legacyDevice", () => {
  expect(read(", usage: default, profile: printer").connector.tarpitInterval).toBe(0);
  for (const profile of profileNames)
    expect([profile, read(`, profile: ${profile}`).connector.tlsMinVersion]).toEqual([
      profile,
      profile === "legacyDevice" ? "TLSv1" : "TLSv1.2",
    ]);
});

test("an unknown profile is a fault of its own, and stands in for nothing", () => {
  const result = parse(", profile: printers");
  expect(result.ok ? [] : result.faults.map((fault) => formatFault(fault, "f"))).toEqual([
    expect.stringMatching(
      /profile: "printers" is not one of strict, lenient, printer, legacyDevice.*printer/,
    ),
  ]);
});
