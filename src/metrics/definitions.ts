/**
 * Every metric Weir shows, as data: what the exposition writes and docs/metrics.md explains. Names and units by
 * Prometheus' conventions. Labels come from the configuration and from fixed words, so that the number of series
 * follows neither mail nor senders; those with a `source` are shown with `metrics.bySource` only.
 */
export interface MetricDefinition {
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
  /** Shown only with `metrics.bySource`. */
  readonly bySource?: true;
}

export const metricDefinitions = {
  weir_build_info: {
    type: "gauge",
    labels: ["version", "node_version"],
    help: "Always 1; its labels tell the versions.",
  },
  weir_connections_open: { type: "gauge", labels: ["connector"], help: "SMTP connections open now." },
  weir_connections_limit: {
    type: "gauge",
    labels: ["connector"],
    help: "maxInboundConnection of an enabled receive connector; absent where it is unlimited.",
  },
  weir_connections_waiting: {
    type: "gauge",
    labels: ["connector"],
    help: "Connections that wait for a place (limitAction delay).",
  },
  weir_sources_discredited: {
    type: "gauge",
    labels: ["connector"],
    help: "Addresses whose every reply is held back, because they hung up in a tarpit (discreditInterval).",
  },
  weir_connections_total: {
    type: "counter",
    labels: ["connector"],
    help: "Connections that were let in.",
  },
  weir_refusals_total: {
    type: "counter",
    labels: ["connector", "kind", "limit"],
    help: "Connections, messages and commands refused, by kind of refusal (docs/limits.md); limit is empty where it was no limit.",
  },
  weir_would_refuse_total: {
    type: "counter",
    labels: ["connector", "kind", "limit"],
    help: "What limits would have refused that are only looked at (reportOnly, candidate), by kind of refusal.",
  },
  weir_messages_received_total: {
    type: "counter",
    labels: ["door"],
    help: "Messages taken, by the door they came in by: SMTP (answered with 250), HTTP (202), PICKUP.",
  },
  weir_messages_repeated_total: {
    type: "counter",
    labels: ["door"],
    help: "Messages that were handed in again and answered as before, by door: duplicateWindow (SMTP), Idempotency-Key (HTTP).",
  },
  weir_received_bytes_total: { type: "counter", labels: [], help: "Content of the messages received." },
  weir_time_to_250_seconds: {
    type: "histogram",
    labels: [],
    help: "From the end of a message's content to its 250, the flush to disk included.",
  },
  weir_deliveries_running: { type: "gauge", labels: [], help: "Delivery attempts under way." },
  weir_messages_delivered_total: {
    type: "counter",
    labels: [],
    help: "Hand-overs of a message to a next hop.",
  },
  weir_delivered_bytes_total: { type: "counter", labels: [], help: "Content handed over to next hops." },
  weir_recipients_delivered_total: { type: "counter", labels: [], help: "Recipients taken by a next hop." },
  weir_delivery_latency_seconds: {
    type: "histogram",
    labels: [],
    help: "From a message's arrival to its hand-over.",
  },
  weir_delivery_attempts_total: {
    type: "counter",
    labels: ["result"],
    help: "Attempts for a recipient by their end: delivered, deferred (tried again), failed.",
  },
  weir_queue_retries_total: {
    type: "counter",
    labels: [],
    help: "Times a queue's next hop could not be used, so that the whole queue waits for its next attempt.",
  },
  weir_dsn_total: {
    type: "counter",
    labels: ["kind"],
    help: "Delivery status notifications made: delayed, failed, delivered, relayed.",
  },
  weir_tls_results_total: {
    type: "counter",
    labels: ["policy", "result"],
    help: "TLS with next hops, for each new connection and each policy of its domain: tlsa (DANE), sts (MTA-STS), no-policy-found; result success or as in TLS reports (RFC 8460).",
  },
  weir_messages_queued: {
    type: "gauge",
    labels: [],
    help: "Messages in the spool. Of several nodes one tells it, for all.",
  },
  weir_oldest_message_age_seconds: {
    type: "gauge",
    labels: [],
    help: "Age of the oldest message in the spool; 0 without any. Of several nodes one tells it.",
  },
  weir_queue_messages: {
    type: "gauge",
    labels: ["queue"],
    help: "Messages with a recipient in a queue; those of all domains of a send connector that delivers by MX record together (Internet;*), queues beyond the first 200 as other. Of several nodes one tells it.",
  },
  weir_queue_oldest_message_age_seconds: {
    type: "gauge",
    labels: ["queue"],
    help: "Age of the oldest of a queue's 100 messages due first; 0 without any. Not of the queues of domains. Of several nodes one tells it.",
  },
  weir_queue_status: {
    type: "gauge",
    labels: ["queue", "status"],
    help: "1; the label tells a queue's status now: Active, Ready, Retry, Suspended. Of the domains of a send connector (Internet;*) how many are so.",
  },
  weir_spool_commit_seconds: { type: "histogram", labels: [], help: "Duration of a spool commit." },
  weir_spool_commit_writes: {
    type: "histogram",
    labels: [],
    help: "Writes that shared one spool commit: its batch size.",
  },
  weir_spool_faults_total: {
    type: "counter",
    labels: [],
    help: "Writes to the spool that failed; clients got a 4xx reply.",
  },
  weir_messages_damaged_total: {
    type: "counter",
    labels: [],
    help: "Messages set aside because they were damaged on disk.",
  },
  weir_back_pressure_level: {
    type: "gauge",
    labels: [],
    help: "Back pressure over all resources: 0 Low, 1 Medium, 2 High.",
  },
  weir_resource_pressure_level: {
    type: "gauge",
    labels: ["resource"],
    help: "Back pressure of one resource: 0 Low, 1 Medium, 2 High; absent while it is switched off.",
  },
  weir_disk_used_ratio: {
    type: "gauge",
    labels: [],
    help: "Used part of the data directory's file system, 0 to 1; absent while back pressure is switched off.",
  },
  weir_memory_used_ratio: {
    type: "gauge",
    labels: [],
    help: "Private memory of the process, as a part of what it may use; absent while back pressure is switched off.",
  },
  weir_event_loop_lag_seconds: {
    type: "histogram",
    labels: [],
    help: "How late the event loop was: each second's 99th percentile is one observation.",
  },
  weir_certificate_expiry_timestamp_seconds: {
    type: "gauge",
    labels: ["file"],
    help: "When a certificate that is presented expires, since the epoch.",
  },
  weir_send_credential_expiry_timestamp_seconds: {
    type: "gauge",
    labels: ["connector", "credential"],
    help: "When what a send connector proves itself with ends, since the epoch; a client secret only with clientSecretExpires.",
  },
  weir_dkim_key_ok: {
    type: "gauge",
    labels: ["key", "state"],
    help: "1: DNS has the record of a DKIM key as its state needs it, 0: it has not; by the daily look, absent before the first.",
  },
  weir_webhook_requests_total: {
    type: "counter",
    labels: ["webhook", "result"],
    help: "Requests of webhooks by what came back: taken, refused (any other answer), failed (none), gone (410).",
  },
  weir_webhook_events_waiting: {
    type: "gauge",
    labels: ["webhook"],
    help: "Events that a webhook has not been told of yet.",
  },
  weir_webhook_events_lost_total: {
    type: "counter",
    labels: ["webhook"],
    help: "Events that a webhook was never told of: nobody took them within expirationTimeout.",
  },
  weir_configuration_last_reload_successful: {
    type: "gauge",
    labels: [],
    help: "0: the file has faults, and the configuration from before holds.",
  },
  weir_configuration_last_reload_success_timestamp_seconds: {
    type: "gauge",
    labels: [],
    help: "When the configuration that holds was applied, since the epoch.",
  },
  weir_events_total: {
    type: "counter",
    labels: ["severity"],
    help: "Events told: Error, Warning, Information.",
  },
  weir_source_connections_open: {
    type: "gauge",
    labels: ["connector", "source"],
    help: "SMTP connections of a source open now.",
    bySource: true,
  },
  weir_source_recent_refusals: {
    type: "gauge",
    labels: ["connector", "kind", "limit", "source"],
    help: "Times a source was refused something within the last ten minutes.",
    bySource: true,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof metricDefinitions;

/** Of prom-client's, those that tell something and keep to the conventions. Some exist on Linux only. */
export const processDefinitions: Readonly<Record<string, MetricDefinition>> = {
  process_cpu_user_seconds_total: { type: "counter", labels: [], help: "CPU time spent in the program." },
  process_cpu_system_seconds_total: { type: "counter", labels: [], help: "CPU time spent in the kernel." },
  process_cpu_seconds_total: { type: "counter", labels: [], help: "Both together." },
  process_start_time_seconds: {
    type: "gauge",
    labels: [],
    help: "When the process started, since the epoch.",
  },
  process_resident_memory_bytes: {
    type: "gauge",
    labels: [],
    help: "Memory of the process; the spool's mapped pages, which the kernel may take back, count.",
  },
  process_virtual_memory_bytes: { type: "gauge", labels: [], help: "Address space of the process." },
  process_heap_bytes: { type: "gauge", labels: [], help: "Data segment of the process." },
  process_open_fds: { type: "gauge", labels: [], help: "Open file descriptors." },
  process_max_fds: { type: "gauge", labels: [], help: "Most file descriptors the process may open." },
  nodejs_heap_size_total_bytes: { type: "gauge", labels: [], help: "JavaScript heap, free parts included." },
  nodejs_heap_size_used_bytes: { type: "gauge", labels: [], help: "JavaScript heap in use." },
  nodejs_external_memory_bytes: { type: "gauge", labels: [], help: "Buffers outside the JavaScript heap." },
  nodejs_gc_duration_seconds: {
    type: "histogram",
    labels: ["kind"],
    help: "Garbage collection: major, minor, incremental, weakcb.",
  },
  nodejs_version_info: {
    type: "gauge",
    labels: ["version", "major", "minor", "patch"],
    help: "Always 1; its labels tell Node's version.",
  },
};
