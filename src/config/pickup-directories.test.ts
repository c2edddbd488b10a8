import { expect, test } from "vitest";
import { parseConfig } from "./parse-config.ts";

const parse = (transport: string, send = "smartHosts: ['127.0.0.1']", receive = "comment: files") =>
  parseConfig(
    `dataDirectory: data
receiveConnectors:
  - {name: Files, bindings: ["127.0.0.1:2525"], remoteIpRanges: ["127.0.0.0/8"], ${receive}}
sendConnectors:
  - {name: Out, addressSpaces: ["*"], ${send}}
transport: {${transport}}
`,
    { file: "/etc/weir/weir.yaml" },
  );

test("directories stand below the data directory, and connectors are found in any case", () => {
  const result = parse("pickupDirectoryPath: in, replayDirectoryPath: /srv/replay, pickupConnector: files");
  expect(result.ok && result.settings.transport).toMatchObject({
    pickupDirectoryPath: "/etc/weir/data/in",
    replayDirectoryPath: "/srv/replay",
    pickupConnector: "files",
    pickupDirectoryMaxMessagesPerMinute: 100,
    pickupDirectoryMaxHeaderSize: 65_536,
    pickupDirectoryMaxRecipientsPerMessage: 100,
  });
});

test.each([
  ["pickupDirectoryPath: in", "transport.pickupDirectoryPath", /wants transport\.pickupConnector/],
  ["replayDirectoryPath: in, pickupConnector: No", "transport.pickupConnector", /no receive connector No$/],
  [
    "pickupDirectoryPath: in, replayDirectoryPath: ./in, pickupConnector: Files",
    "transport.replayDirectoryPath",
    /is the Pickup directory too/,
  ],
  ["replayDirectoryPath: drop, pickupConnector: Files", "transport.replayDirectoryPath", /would go round$/],
  ["pickupDirectoryMaxMessagesPerMinute: 20001", "transport.pickupDirectoryMaxMessagesPerMinute", /20000/],
  ["pickupDirectoryMaxHeaderSize: 1KB", "transport.pickupDirectoryMaxHeaderSize", /out of range/],
])("%s is refused", (transport, path, message) => {
  const result = parse(transport, "dropDirectory: drop");
  expect(result.ok ? [] : result.faults.map((fault) => fault.path)).toEqual([path]);
  expect(result.ok ? "" : result.faults[0]?.message).toMatch(message);
});

test.each([
  ["requireTls: true", /takes no file: Files has requireTls/],
  ["permissionGroups: [ExchangeUsers]", /takes no file: Files wants a log-on/],
])("%s is told: no file can do it", (line, message) => {
  const result = parse("pickupDirectoryPath: in, pickupConnector: Files", "dropDirectory: drop", line);
  expect((result.warnings ?? []).map((warning) => warning.message).join("\n")).toMatch(message);
});
