/** docs/metrics.md, from the definitions. */
import {
  type MetricDefinition,
  metricDefinitions,
  processDefinitions,
} from "../../src/metrics/definitions.ts";

export function metricsReference(): string {
  const own = Object.entries<MetricDefinition>(metricDefinitions);
  const rows = (wanted: boolean): string =>
    table(own.filter(([, { bySource = false }]) => bySource === wanted));
  return `# Metrics

Written by \`npm run docs\` from \`src/metrics/definitions.ts\`.

\`/metrics\` on \`metrics.listen\`, and on the console with a token, in Prometheus' text format
([how to open it](operations.md#monitoring)). Units are seconds, octets and ratios; counters count since the start. Labels
come from the configuration and from fixed words: the number of series follows neither mail nor senders.

Ready-made: alert rules in \`contrib/prometheus/alerts.yaml\`, a dashboard for Grafana in \`contrib/grafana/weir.json\`.

\`\`\`yaml
scrape_configs:
  - job_name: weir
    static_configs:
      - targets: ["relay.example.com:9464"]
\`\`\`

## The relay

${rows(false)}

A histogram \`x\` is the series \`x_bucket\`, \`x_sum\` and \`x_count\`.

## By source

With \`metrics.bySource: true\` only: a series for each source, 1,000 of each metric at most.

${rows(true)}

## The process

As Prometheus' clients name them; some exist on Linux only.

${table(Object.entries(processDefinitions))}
`;
}

function table(rows: readonly (readonly [string, MetricDefinition])[]): string {
  return [
    "| metric | type | labels | meaning |",
    "|---|---|---|---|",
    ...rows.map(
      ([name, { type, labels, help }]) =>
        `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`,
    ),
  ].join("\n");
}
