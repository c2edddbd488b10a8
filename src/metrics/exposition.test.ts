import { expect, test } from "vitest";
import { createExposition } from "./exposition.ts";
import { createMetrics } from "./metrics.ts";

test("what was counted stands in the exposition, each line well formed, labels bounded", async () => {
  const metrics = createMetrics();
  const live = {
    metrics,
    sessions: 2,
    queued: 5,
    queues: () =>
      Array.from({ length: 300 }, (_, at) => ({ identity: `q"${at}`, status: "Ready", messages: 1 })),
  };
  const exposition = createExposition(live);
  metrics.connected();
  metrics.received(100, 4);
  metrics.received(50, 90_000);
  metrics.delivered(3, 100, 2_000);
  metrics.notDelivered("deferred");
  metrics.reported("failed");
  metrics.committed(8, 3);
  metrics.refused("AppRelay", "messageRateLimit", "10.1.4.7", 0);
  await exposition.text();
  const text = await exposition.text();
  const sample = /^[a-z_0-9]+(\{[a-z_]+="(\\.|[^"\\])*"(,[a-z_]+="(\\.|[^"\\])*")*\})? (-?[0-9.e+-]+|Nan)$/;
  for (const line of text.split("\n")) if (line !== "" && !line.startsWith("#")) expect(line).toMatch(sample);
  for (const line of [
    "weir_connections_open 2",
    "weir_connections_total 1",
    'weir_refusals_total{connector="AppRelay",limit="messageRateLimit"} 1',
    "weir_messages_received_total 2",
    "weir_received_bytes_total 150",
    "weir_recipients_delivered_total 3",
    'weir_delivery_attempts_total{result="deferred"} 1',
    'weir_dsn_total{kind="failed"} 1',
    'weir_time_to_250_seconds_bucket{le="0.0025"} 0',
    'weir_time_to_250_seconds_bucket{le="0.005"} 1',
    'weir_time_to_250_seconds_bucket{le="30"} 1',
    'weir_time_to_250_seconds_bucket{le="+Inf"} 2',
    'weir_spool_commit_writes_bucket{le="8"} 1',
    'weir_queue_messages{queue="other",status=""} 100',
  ])
    expect(text.split("\n")).toContain(line);
  expect(text).not.toContain("10.1.4.7");
});
