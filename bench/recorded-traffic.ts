/** A traffic record of applications that send in bursts, written by a clock of its own: weeks in a minute. */
import { Pending, type Due } from "../src/core/what-if/pending.ts";
import { seeded } from "../src/core/planning/plan.ts";
import type { ReplayedConnector } from "../src/core/what-if/scenario.ts";
import { receiveConnector } from "../src/testing/test-settings.ts";
import type { TrafficClient } from "../src/core/traffic/traffic-facts.ts";
import type { Clock } from "../src/ports/ports.ts";
import { openTrafficRecord, type TrafficRecord } from "../src/traffic/traffic-record.ts";
import { ipRange } from "../src/core/units/ip-range.ts";

const dayMs = 86_400_000;

export interface RecordPlan {
  readonly dataDirectory: string;
  readonly sources: number;
  readonly connections: number;
  readonly days: number;
  /** Connections of a burst at most; each burst has some number up to it. */
  readonly mostAtOnce: number;
}

interface Step extends Due {
  readonly connection: number;
  readonly what: "message" | "kept" | "left";
}

/** Behind which nothing happened yet. */
export const recordStartMs = Date.UTC(2026, 9, 1);
const flushEvery = 20_000;

/** Closed by the caller. `onPart`: 0 to 1. */
export async function writeRecord(
  { dataDirectory, sources, connections, days, mostAtOnce }: RecordPlan,
  onPart: (part: number) => void,
): Promise<TrafficRecord> {
  let nowMs = recordStartMs;
  const clock: Clock = {
    now: () => nowMs,
    wall: () => new Date(nowMs),
    after: () => ({ cancel: () => undefined }),
  };
  const record = openTrafficRecord({
    dataDirectory,
    clock,
    settings: {
      trafficRecordEnabled: true,
      trafficRecordMaxAge: 36 * dayMs,
      trafficRecordMaxDirectorySize: 1024 * 1024 * 1024,
    },
    onFault(error) {
      throw error;
    },
  });
  const random = seeded(1);
  const clients = Array.from({ length: sources }, (_, at): TrafficClient => {
    const address = `10.0.${at >> 8}.${at & 255}`;
    return { connector: "AppRelay", source: address, address, door: "SMTP" };
  });
  const pending = new Pending<Step>();
  const happen = (step: Step): void => {
    nowMs = Math.floor(step.atMs);
    if (step.what === "message") record.message(step.connection);
    else if (step.what === "kept") record.kept(step.connection, 1, 4_000);
    else record.left(step.connection);
  };
  const until = (atMs: number): void => {
    for (; pending.size > 0 && pending.nextMs <= atMs;) {
      const step = pending.pop();
      if (step !== undefined) happen(step);
    }
  };
  const gapMs = (days * dayMs) / connections;
  let order = 0;
  let [made, burst] = [0, 0];
  let client = clients[0] as TrafficClient;
  for (let atMs = recordStartMs; made < connections; made++) {
    if (burst-- === 0) {
      burst = Math.floor(random() * mostAtOnce);
      client = clients[Math.floor(random() * sources)] as TrafficClient;
      atMs = recordStartMs + made * gapMs;
    }
    atMs += 3;
    until(atMs);
    nowMs = Math.max(nowMs, Math.floor(atMs));
    const connection = record.admitted(client);
    record.described(connection, "", "", `app${client.source.slice(5)}.contoso.com`, "TLSv1.3", "");
    const put = (after: number, what: Step["what"]): void =>
      pending.push({ atMs: atMs + after, connection, what, order: order++ });
    put(20, "message");
    put(60, "kept");
    put(200 + random() * 4_000, "left");
    if (made % flushEvery === 0) {
      await record.flush();
      onPart(made / connections);
    }
  }
  until(Infinity);
  await record.flush();
  return record;
}

/** The connector it came to, with a limit for each source. */
export function recordedConnector(maxInboundConnectionPerSource: number): ReplayedConnector {
  return receiveConnector({
    name: "AppRelay",
    bindings: [{ address: "0.0.0.0", port: 25 }],
    remoteIpRanges: [ipRange("0.0.0.0/0")],
    maxInboundConnection: 5_000,
    maxInboundConnectionPerSource,
    messageRateLimit: 600,
    messageRateSource: "IPAddress",
  });
}
