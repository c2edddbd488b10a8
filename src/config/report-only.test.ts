import { expect, test } from "vitest";
import { reportableLimits } from "../core/policy/reportable-limits.ts";
import { formatFault } from "./fault.ts";
import { parseConfig } from "./parse-config.ts";
import { plainReceiveConnector } from "./plain-settings.ts";
import { receiveConnectorSchema } from "./receive-connector-schema.ts";

const parse = (settings: string) =>
  parseConfig(
    `receiveConnectors:\n  - { name: A, bindings: ["0.0.0.0:25"], remoteIpRanges: ["10.0.0.0/8"], permissionGroups: [AnonymousUsers]${settings} }\n`,
    { file: "/etc/weir/weir.yaml", hostname: "relay.test" },
  );

function read(settings: string) {
  const result = parse(settings);
  if (!result.ok) throw new Error(result.faults.map((fault) => formatFault(fault, "f")).join("\n"));
  return result.settings.receiveConnectors[0]!;
}

test("a limit that is only looked at is not enforced, and shown as the file has it", () => {
  const connector = read(
    ', maxHopCount: 7, reportOnly: [maxInboundConnectionPerSource, maxHopCount], candidate: { maxMessageSize: 10MB }, learnUntil: "2026-12-06T10:00:00Z"',
  );
  expect(connector).toMatchObject({
    maxInboundConnectionPerSource: Infinity,
    maxHopCount: 500,
    maxMessageSize: 36 * 1_048_576,
    learnUntil: Date.UTC(2026, 11, 6, 10),
    watched: {
      values: { maxInboundConnectionPerSource: 20, maxHopCount: 7, maxMessageSize: 10 * 1_048_576 },
    },
  });
  const shown = plainReceiveConnector(connector);
  expect(shown).toMatchObject({
    maxInboundConnectionPerSource: 20,
    maxHopCount: 7,
    maxMessageSize: 36 * 1_048_576,
    reportOnly: ["maxInboundConnectionPerSource", "maxHopCount"],
    candidate: { maxMessageSize: 10 * 1_048_576 },
    learnUntil: "2026-12-06T10:00:00Z",
  });
  expect(shown).not.toHaveProperty("watched");
});

test("every such limit is a setting, and nothing is looked at unless it is asked for", () => {
  expect(Object.keys(receiveConnectorSchema.shape)).toEqual(expect.arrayContaining([...reportableLimits]));
  expect(Object.keys(receiveConnectorSchema.shape.candidate.unwrap().shape)).toEqual([...reportableLimits]);
  expect(read("").watched).toBeUndefined();
  expect(plainReceiveConnector(read(""))).toMatchObject({
    reportOnly: [],
    candidate: null,
    learnUntil: null,
  });
});

test.each([
  [", reportOnly: [maxLogonFailures]", /reportOnly\[0\]: "maxLogonFailures" is not one of/],
  [", candidate: { tarpitInterval: 1s }", /candidate\.tarpitInterval: unknown setting/],
  [", candidate: { maxHopCount: 0 }", /candidate\.maxHopCount: 0 is not a whole number from 1 to 500/],
  [
    ", reportOnly: [maxHopCount], candidate: { maxHopCount: 9 }",
    /candidate: maxHopCount is in reportOnly: its own value is the one that is looked at/,
  ],
  [", learnUntil: soon", /learnUntil: "soon" is not a date/],
])("%s is a fault, at its place", (settings, fault) => {
  const result = parse(settings);
  expect(result.ok ? [] : result.faults.map((one) => formatFault(one, "f"))).toEqual([
    expect.stringMatching(fault),
  ]);
});
