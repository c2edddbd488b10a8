import { expect, test } from "vitest";
import type { ProtocolLog, ProtocolSessionFacts } from "../../logs/protocol-log.ts";
import { smartHostConnector } from "../../testing/test-settings.ts";
import { sendTranscript } from "./send-transcript.ts";

test("each connection is a session of its own, from its first line to its last", () => {
  const sessions: { facts: ProtocolSessionFacts; lines: string[] }[] = [];
  const log: Pick<ProtocolLog, "session"> = {
    session(facts) {
      const lines: string[] = [];
      sessions.push({ facts, lines });
      return { line: (event, data) => void lines.push(`${event} ${data}`) };
    },
  };
  const connector = smartHostConnector(25, { name: "Out", protocolLoggingLevel: "Verbose" });
  const tell = sendTranscript(connector, log as ProtocolLog, "relay.test");
  const remoteEndpoint = "10.0.0.1:25";
  tell?.({ event: "+", data: "", session: 1, remoteEndpoint });
  tell?.({ event: ">", data: "EHLO relay.test", session: 1, remoteEndpoint });
  tell?.({ event: "+", data: "", session: 300, remoteEndpoint: "10.0.0.2:25" });
  tell?.({ event: "-", data: "bye", session: 1, remoteEndpoint });
  tell?.({ event: "<", data: "220 late", session: 1, remoteEndpoint });
  expect(sessions.map(({ lines }) => lines)).toEqual([
    ["+ ", "> EHLO relay.test", "- bye"],
    ["+ "],
    ["< 220 late"],
  ]);
  expect(sessions.map(({ facts }) => [facts.connectorId, facts.localEndpoint, facts.remoteEndpoint])).toEqual(
    [
      ["relay.test\\Out", "", "10.0.0.1:25"],
      ["relay.test\\Out", "", "10.0.0.2:25"],
      ["relay.test\\Out", "", "10.0.0.1:25"],
    ],
  );
  // As Exchange's: sixteen digits, the connection's number in the last six.
  const [first = "", second = ""] = sessions.map(({ facts }) => facts.sessionId);
  expect([first, second]).toEqual([
    expect.stringMatching(/^[0-9A-F]{10}000001$/),
    expect.stringMatching(/^[0-9A-F]{10}00012C$/),
  ]);
  expect(first.slice(0, 10)).toBe(second.slice(0, 10));
  expect(
    sendTranscript(smartHostConnector(25, { protocolLoggingLevel: "None" }), log as ProtocolLog, "h"),
  ).toBeUndefined();
});
