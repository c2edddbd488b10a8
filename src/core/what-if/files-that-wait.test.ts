/** A file that a rate refuses stays in its directory (docs/sendmail-pickup-replay.md), and is taken when the minute allows. */
import { expect, test } from "vitest";
import { receiveConnector } from "../../testing/test-settings.ts";
import { noProfile } from "../traffic/traffic-facts.ts";
import { ipRange } from "../units/ip-range.ts";
import { Replay } from "./replay.ts";
import type { RefusedClients } from "./scenario.ts";

const connectorOf = (messageRateLimit: number) =>
  receiveConnector({
    name: "In",
    bindings: [{ address: "0.0.0.0", port: 25 }],
    remoteIpRanges: [ipRange("127.0.0.1")],
    messageRateLimit,
    messageRateSource: "IPAddress",
  });

/** Ten files, one a second; `untilMs` is when it is looked at. */
function playedFiles(messageRateLimit: number, refusedClients: RefusedClients, untilMs: number) {
  const connectors = [connectorOf(messageRateLimit)];
  const played = new Replay({
    present: connectors,
    scenarios: [{ connectors, maxConnectionRatePerMinute: Infinity }],
    refusedClients,
    fromMs: 0,
    toMs: untilMs,
  });
  const client = { connector: "In", source: "127.0.0.1", address: "127.0.0.1", door: "PICKUP" as const };
  played.began(0, 0, "start");
  for (let n = 1; n <= 10; n++) {
    const atMs = n * 1_000;
    played.arrived(atMs, n, client, "admitted", undefined);
    played.described(atMs, n, noProfile);
    played.message(atMs, n);
    played.kept(atMs + 1, n);
    played.left(atMs + 2, n);
  }
  const [one] = played.outcome().worlds[0] ?? [];
  if (one === undefined) throw new Error("nothing came of it");
  const { refused, lostMessages, lostConnections, messages, highestMessages } = one;
  return { refused, lostMessages, lostConnections, messages, highest: highestMessages.value };
}

const lost = { lostMessages: 0, lostConnections: 0 };
const gone: RefusedClients = { kind: "gone" };

test.each<[string, number, RefusedClients, number, object]>([
  ["a rate for all of them", 10, gone, 600_000, { refused: {}, ...lost, messages: 10, highest: 10 }],
  [
    "four a minute: six wait, and all are taken in the end",
    4,
    gone,
    600_000,
    { refused: { messageRateLimit: 6 }, ...lost, messages: 10, highest: 4 },
  ],
  [
    "so it is whatever refused clients do",
    4,
    { kind: "again", afterMs: 600_000, tries: 1 },
    600_000,
    { refused: { messageRateLimit: 6 }, ...lost, messages: 10, highest: 4 },
  ],
  [
    "those that wait yet at the end are not lost",
    1,
    gone,
    130_000,
    { refused: { messageRateLimit: 9 }, ...lost, messages: 3, highest: 1 },
  ],
])("%s", (_what, rate, refusedClients, untilMs, expected) => {
  expect(playedFiles(rate, refusedClients, untilMs)).toEqual(expected);
});
