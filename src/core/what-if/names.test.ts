/** Connectors are called what administrators call them, words of JavaScript too. */
import { expect, test } from "vitest";
import { receiveConnector } from "../../testing/test-settings.ts";
import { ipRange } from "../units/ip-range.ts";
import { Replay } from "./replay.ts";

const named = (name: string) =>
  receiveConnector({
    name,
    bindings: [{ address: "0.0.0.0", port: 25 }],
    remoteIpRanges: [ipRange("0.0.0.0/0")],
    maxInboundConnectionPerSource: 1,
  });

test.each(["__proto__", "constructor", "toString", "n".repeat(64), "Füße \"q\" 'a' 🚚\u202e", "a;b,c\\"])(
  "what came to another one counts where it would come to now: %s",
  (name) => {
    const connectors = [named(name)];
    const played = new Replay({
      present: connectors,
      scenarios: [{ connectors, maxConnectionRatePerMinute: Infinity }],
      refusedClients: { kind: "gone" },
      fromMs: 0,
      toMs: Infinity,
    });
    const client = { connector: "Old", source: "10.0.0.1", address: "10.0.0.1", door: "SMTP" as const };
    played.began(0, 0, "start");
    for (const at of [1, 2, 3]) played.arrived(at, at, client, "admitted", undefined);
    const { worlds, recorded } = structuredClone(played.outcome());
    expect(recorded.map(({ elsewhere }) => [...elsewhere])).toEqual([[[name, 3]]]);
    expect(worlds[0]?.map(({ connector, refused }) => [connector, refused])).toEqual([
      [name, { maxInboundConnectionPerSource: 2 }],
    ]);
  },
);
