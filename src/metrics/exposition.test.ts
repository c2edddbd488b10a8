import { execFileSync, spawnSync } from "node:child_process";
import { beforeEach, expect, test } from "vitest";
import { noPressure } from "../core/policy/back-pressure.ts";
import { createFakeClock } from "../testing/fake-clock.ts";
import { metricDefinitions, processDefinitions } from "./definitions.ts";
import { createEventCounts } from "./event-counts.ts";
import { createExposition } from "./exposition.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import type { Live } from "./readings.ts";
import { toldRefusal } from "../testing/test-refusal.ts";

const clock = createFakeClock();
let metrics: Metrics;
beforeEach(() => {
  metrics = createMetrics();
});

function live(given: Partial<Live> = {}): Live {
  return {
    metrics,
    events: createEventCounts(clock.wall()),
    version: "1.2.3",
    now: clock.now(),
    bySource: false,
    connectors: [
      { name: "AppRelay", enabled: true, maxInboundConnection: 5000 },
      { name: "Open", enabled: true, maxInboundConnection: Infinity },
    ],
    discredits: () => [{ connector: "AppRelay" }],
    counts: () => [
      { connector: "AppRelay", source: "10.1.4.7", open: 2 },
      { connector: "AppRelay", source: "10.1.4.8", open: 1 },
    ],
    waiting: () => 4,
    running: 6,
    queued: 5,
    tellsQueue: true,
    oldestSince: async () => clock.now() - 90_500,
    queues: () => [],
    pressure: noPressure,
    certificates: [],
    credentials: [],
    dkimKeys: [],
    webhooks: [
      {
        name: "Alarms",
        waitingEvents: 3,
        lostEvents: 2,
        requests: { taken: 7, refused: 0, failed: 1, gone: 0 },
      },
    ],
    ...given,
  };
}

/** Uses everything once. */
function work(): void {
  metrics.connected("AppRelay");
  metrics.received("SMTP", 100, 4);
  metrics.received("HTTP", 50, 90_000);
  metrics.delivered(3, 100, 2_000);
  metrics.deferred();
  metrics.reported("failed");
  metrics.queueRested();
  metrics.committed(8, 3);
  metrics.lagged(12);
  metrics.refused(toldRefusal("messageRate", { configured: 30 }), "10.1.4.7", clock.now());
}

const scraped = async (given: Partial<Live> = {}): Promise<readonly string[]> => {
  const exposition = createExposition(live(given));
  await exposition.text();
  return (await exposition.text()).split("\n");
};

test("what was counted stands in the exposition, each line well formed", async () => {
  work();
  const lines = await scraped();
  const sample = /^[a-z_0-9]+(\{[a-z_]+="(\\.|[^"\\])*"(,[a-z_]+="(\\.|[^"\\])*")*\})? (-?[0-9.e+-]+|Nan)$/;
  for (const line of lines) if (line !== "" && !line.startsWith("#")) expect(line).toMatch(sample);
  for (const line of [
    `weir_build_info{version="1.2.3",node_version="${process.versions.node}"} 1`,
    'weir_connections_open{connector="AppRelay"} 3',
    'weir_connections_open{connector="Open"} 0',
    'weir_connections_limit{connector="AppRelay"} 5000',
    'weir_connections_waiting{connector="Open"} 4',
    'weir_connections_total{connector="AppRelay"} 1',
    'weir_connections_total{connector="Open"} 0',
    'weir_refusals_total{connector="AppRelay",kind="messageRate",limit="messageRateLimit"} 1',
    'weir_messages_received_total{door="SMTP"} 1',
    'weir_messages_received_total{door="HTTP"} 1',
    "weir_received_bytes_total 150",
    "weir_recipients_delivered_total 3",
    'weir_delivery_attempts_total{result="deferred"} 1',
    'weir_dsn_total{kind="failed"} 1',
    "weir_oldest_message_age_seconds 90.5",
    'weir_time_to_250_seconds_bucket{le="0.0025"} 0',
    'weir_time_to_250_seconds_bucket{le="0.005"} 1',
    'weir_time_to_250_seconds_bucket{le="30"} 1',
    'weir_time_to_250_seconds_bucket{le="+Inf"} 2',
    'weir_spool_commit_writes_bucket{le="8"} 1',
    'weir_event_loop_lag_seconds_bucket{le="0.01"} 0',
    'weir_event_loop_lag_seconds_bucket{le="0.025"} 1',
    "weir_queue_retries_total 1",
    "weir_configuration_last_reload_successful 1",
    `weir_configuration_last_reload_success_timestamp_seconds ${clock.wall().getTime() / 1000}`,
  ])
    expect(lines).toContain(line);
  expect(lines.join()).not.toContain('weir_connections_limit{connector="Open"}');
});

test("labels are bounded; sources are shown when they are asked for only", async () => {
  work();
  const queues = () =>
    Array.from({ length: 300 }, (_, at) => ({
      queue: `q${at}`,
      identity: `q"${at}`,
      connector: "Out",
      deliveryType: "SmartHostConnectorDelivery",
      status: "Ready",
      messages: 1,
    }));
  const usual = await scraped({ queues });
  expect(usual).toContain('weir_queue_messages{queue="other"} 100');
  expect(usual).toContain('weir_queue_messages{queue="q\\"0"} 1');
  expect(usual).toContain('weir_queue_status{queue="q\\"199",status="Ready"} 1');
  expect(usual.filter((line) => line.startsWith("weir_queue_oldest_message_age_seconds{"))).toHaveLength(200);
  expect(usual.join()).not.toContain("10.1.4.7");
  const asked = await scraped({ bySource: true });
  expect(asked).toContain('weir_source_connections_open{connector="AppRelay",source="10.1.4.7"} 2');
  expect(asked).toContain(
    'weir_source_recent_refusals{connector="AppRelay",kind="messageRate",limit="messageRateLimit",source="10.1.4.7"} 1',
  );
});

test("resources, certificates and events", async () => {
  const thresholds = { lowToMedium: 89, mediumToHigh: 95, highToMedium: 90, mediumToLow: 80 };
  const disk = {
    resource: "UsedDiskSpace",
    level: "High",
    current: 97,
    thresholds,
    pollsPressed: 1,
  } as const;
  const memory = {
    resource: "PrivateBytes",
    level: "Low",
    current: 12.5,
    thresholds,
    pollsPressed: 0,
  } as const;
  const lines = await scraped({
    pressure: { level: "High", resources: [disk, memory], verdict: undefined },
    credentials: [{ connector: "Out", credential: "client secret", expiresAt: 1_809_129_600_000 }],
    dkimKeys: [
      { name: "a._domainkey.x.test", state: "active", ok: true },
      { name: "b._domainkey.x.test", state: "active", ok: false },
    ],
    certificates: [{ file: "/etc/a.pem", validTo: 1_800_000_000_000 }],
    events: { ...createEventCounts(clock.wall()), configurationRejected: true },
  });
  for (const line of [
    "weir_back_pressure_level 2",
    'weir_resource_pressure_level{resource="UsedDiskSpace"} 2',
    "weir_disk_used_ratio 0.97",
    "weir_memory_used_ratio 0.125",
    'weir_certificate_expiry_timestamp_seconds{file="/etc/a.pem"} 1800000000',
    'weir_send_credential_expiry_timestamp_seconds{connector="Out",credential="client secret"} 1809129600',
    'weir_dkim_key_ok{key="a._domainkey.x.test",state="active"} 1',
    'weir_dkim_key_ok{key="b._domainkey.x.test",state="active"} 0',
    "weir_configuration_last_reload_successful 0",
  ])
    expect(lines).toContain(line);
  expect((await scraped()).some((line) => line.startsWith("weir_disk_used_ratio "))).toBe(false);
});

test("what is defined is what is exposed", async () => {
  const described = (await scraped({ bySource: true })).flatMap(
    (line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? [],
  );
  const expected = new Set([...Object.keys(metricDefinitions), ...Object.keys(processDefinitions)]);
  expect(described.filter((name) => !expected.has(name))).toEqual([]);
  expect(described.length).toBe(new Set(described).size);
  expect(Object.keys(metricDefinitions).filter((name) => !described.includes(name))).toEqual([]);
});

const promtool = spawnSync("promtool", ["--version"]).status === 0;
if (!promtool)
  console.warn("src/metrics/exposition.test.ts: promtool is not installed; its checks are skipped");

test.skipIf(!promtool)("promtool finds nothing to complain of", async () => {
  work();
  const input = (await scraped({ bySource: true })).join("\n");
  expect(execFileSync("promtool", ["check", "metrics"], { input, encoding: "utf8", stdio: "pipe" })).toBe("");
  expect(spawnSync("promtool", ["check", "metrics"], { input: "a_total 1\n" }).status).not.toBe(0);
});

test("events are counted by severity, and tell whether the configuration holds", () => {
  const counts = createEventCounts(clock.wall());
  const at = new Date(5_000);
  const definition = { id: 1, category: "SmtpSend", severity: "Warning", level: 0, text: "" } as const;
  const heard = (name: Parameters<typeof counts.heard>[0]["name"]) =>
    counts.heard({ name, definition, at, fields: {} });
  heard("SpoolFault");
  heard("ConfigurationRejected");
  expect(counts).toMatchObject({
    spoolFaults: 1,
    configurationRejected: true,
    bySeverity: { Error: 0, Warning: 2 },
  });
  heard("ConfigurationApplied");
  expect(counts).toMatchObject({ configurationRejected: false, configurationAppliedAt: 5_000 });
});

test("of several nodes one tells what the queue holds, for who adds them up", async () => {
  const queues = () => [
    {
      queue: "Out",
      identity: "Out",
      connector: "Out",
      deliveryType: "SmartHostConnectorDelivery",
      status: "Retry",
      messages: 2,
    },
  ];
  const ofQueue = async (tellsQueue: boolean) =>
    (await scraped({ queues, tellsQueue })).filter((line) =>
      /^weir_(?:queue|messages_queued|oldest)/.test(line),
    );
  expect(await ofQueue(false)).toEqual([
    expect.stringMatching(/^weir_queue_retries_total /),
    'weir_queue_status{queue="Out",status="Retry"} 1',
  ]);
  expect(await ofQueue(true)).toHaveLength(6);
});

test("the queues of domains are one series for each connector and status", async () => {
  const queues = () =>
    Array.from({ length: 10_000 }, (_, at) => ({
      queue: `Net;d${at}.test`,
      identity: `Net;d${at}.test`,
      connector: "Net",
      deliveryType: "DnsConnectorDelivery",
      status: at < 7 ? "Retry" : "Active",
      messages: 2,
    }));
  const lines = (await scraped({ queues })).filter((line) => line.startsWith("weir_queue_"));
  expect(lines.filter((line) => line.includes("Net"))).toEqual([
    'weir_queue_messages{queue="Net;*"} 20000',
    'weir_queue_status{queue="Net;*",status="Retry"} 7',
    'weir_queue_status{queue="Net;*",status="Active"} 9993',
  ]);
});
