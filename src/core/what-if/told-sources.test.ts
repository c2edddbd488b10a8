import { expect, test } from "vitest";
import { receiveConnector } from "../../testing/test-settings.ts";
import { ipRange } from "../units/ip-range.ts";
import { Replay } from "./replay.ts";
import type { ToldSources } from "./scenario.ts";

/** Thirty sources of 1 to 3 connections each, where two are allowed. */
function toldOf(toldSources?: ToldSources): string {
  const connector = receiveConnector({
    name: "In",
    bindings: [{ address: "0.0.0.0", port: 25 }],
    remoteIpRanges: [ipRange("10.0.0.0/8")],
    maxInboundConnectionPerSource: 2,
  });
  const present = { connectors: [connector], maxConnectionRatePerMinute: Infinity };
  const played = new Replay({
    present: present.connectors,
    scenarios: [present],
    refusedClients: { kind: "gone" },
    ...(toldSources === undefined ? {} : { toldSources }),
    fromMs: 0,
    toMs: Infinity,
  });
  played.began(0, 0, "start");
  for (let n = 0; n < 60; n++) {
    const source = `10.0.0.${n % 30}`;
    const client = { connector: "In", source, address: source, door: "SMTP" as const };
    for (let again = 0; again < 1 + (n % 5 === 0 ? 1 : 0); again++)
      played.arrived(n, 3 * n + again, client, "admitted", undefined);
  }
  const [one] = played.outcome().worlds[0] ?? [];
  const refused = one?.sources.filter(({ refused: by }) => Object.keys(by).length > 0) ?? [];
  return `${one?.sources.length} of ${one?.sourceCount}, ${refused.length} refused`;
}

test.each<[ToldSources | undefined, string]>([
  [undefined, "30 of 30, 6 refused"],
  [10, "10 of 30, 6 refused"],
  [4, "4 of 30, 4 refused"],
  [0, "0 of 30, 0 refused"],
  ["refused", "6 of 30, 6 refused"],
])("of so many sources it is told: %s", (told, expected) => {
  expect(toldOf(told)).toBe(expected);
});

test("whom no connector is for is counted, each connection once", () => {
  const connector = receiveConnector({
    name: "In",
    bindings: [{ address: "0.0.0.0", port: 25 }],
    remoteIpRanges: [ipRange("10.0.0.0/8")],
  });
  const narrow = receiveConnector({ ...connector, remoteIpRanges: [ipRange("10.0.0.0/24")] });
  const played = new Replay({
    present: [connector],
    scenarios: [{ connectors: [narrow], maxConnectionRatePerMinute: Infinity }],
    refusedClients: { kind: "gone" },
    fromMs: 0,
    toMs: Infinity,
  });
  played.began(0, 0, "start");
  for (let n = 0; n < 5; n++) {
    const source = n < 3 ? "10.9.0.1" : "10.9.0.2";
    const client = { connector: "In", source, address: source, door: "SMTP" as const };
    played.arrived(n, n, client, "admitted", undefined);
  }
  const told = (played.outcome().worlds[0] ?? []).flatMap(({ sources }) => sources);
  expect(told.map(({ source, connections }) => [source, connections])).toEqual([
    ["10.9.0.1", 3],
    ["10.9.0.2", 2],
  ]);
});

test("with a start of the relay nobody is there any more", () => {
  const connector = receiveConnector({
    name: "In",
    bindings: [{ address: "0.0.0.0", port: 25 }],
    remoteIpRanges: [ipRange("10.0.0.0/8")],
    maxInboundConnection: 2,
  });
  const played = new Replay({
    present: [connector],
    scenarios: [{ connectors: [connector], maxConnectionRatePerMinute: Infinity }],
    refusedClients: { kind: "gone" },
    fromMs: 0,
    toMs: Infinity,
  });
  for (const run of [0, 1]) {
    played.began(run * 100_000, 0, "start");
    for (let n = 1; n <= 2; n++) {
      const source = `10.0.0.${n}`;
      const client = { connector: "In", source, address: source, door: "SMTP" as const };
      played.arrived(run * 100_000 + n, 10 * run + n, client, "admitted", undefined);
    }
  }
  const told = (played.outcome().worlds[0] ?? []).flatMap(({ sources }) => sources);
  expect(told.map(({ source, refused }) => [source, refused])).toEqual([
    ["10.0.0.1", {}],
    ["10.0.0.2", {}],
  ]);
});
