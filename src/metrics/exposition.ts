/** What was counted, as Prometheus reads it. Everything is taken over at the scrape; nothing is done in between. */
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { Buckets } from "./buckets.ts";
import { metricDefinitions, type MetricName, processDefinitions } from "./definitions.ts";
import { readings, type Live, type Sample } from "./readings.ts";

export interface Exposition {
  readonly contentType: string;
  /** Rejects for bugs only. */
  text(): Promise<string>;
}

const definitions = Object.entries(metricDefinitions) as [
  MetricName,
  (typeof metricDefinitions)[MetricName],
][];

export function createExposition(live: Live): Exposition {
  const registry = new Registry();
  const ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  for (const name of Object.keys(processDefinitions)) {
    const metric = ofProcess.getSingleMetric(name);
    // Some are of Linux only.
    if (metric !== undefined) registry.registerMetric(metric);
  }
  countCpuFromStart(ofProcess);
  const read = readings(live);
  const histograms: (() => string)[] = [];
  for (const [name, definition] of definitions) {
    const values = read[name];
    if (definition.type === "histogram") {
      if (!isBuckets(values)) throw new TypeError(`${name} has no buckets`);
      histograms.push(() => histogram(name, definition.help, values));
    } else {
      if (isBuckets(values)) throw new TypeError(`${name} has buckets`);
      const hidden = "bySource" in definition ? () => !live.bySource : () => false;
      register(registry, name, definition, () => (hidden() ? [] : values()));
    }
  }
  return {
    contentType: registry.contentType,
    text: async () => `${await registry.metrics()}\n${histograms.map((write) => write()).join("")}`,
  };
}

/** prom-client counts from when it was first asked. */
function countCpuFromStart(registry: Registry): void {
  const { user, system } = process.cpuUsage();
  const spent = { user, system, "": user + system };
  for (const [kind, microseconds] of Object.entries(spent)) {
    const name = `process_cpu_${kind === "" ? "" : `${kind}_`}seconds_total`;
    const counter = registry.getSingleMetric(name);
    if (counter instanceof Counter) counter.inc(microseconds / 1e6);
  }
}

function register(
  registry: Registry,
  name: string,
  {
    type,
    help,
    labels,
  }: { readonly type: "counter" | "gauge"; readonly help: string; readonly labels: readonly string[] },
  values: () => Iterable<Sample> | Promise<Iterable<Sample>>,
): void {
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  if (type === "gauge") {
    const gauge: Gauge = new Gauge({
      ...options,
      async collect() {
        const samples = await values();
        gauge.reset();
        // Without a value it is absent, with labels or not.
        if (labels.length === 0) gauge.remove();
        for (const [value, given = {}] of samples) gauge.set(given, value);
      },
    });
    return;
  }
  const counter: Counter = new Counter({
    ...options,
    async collect() {
      const samples = await values();
      counter.reset();
      for (const [value, given = {}] of samples) counter.inc(given, value);
    },
  });
}

function isBuckets(
  values: (() => Iterable<Sample> | Promise<Iterable<Sample>>) | Buckets,
): values is Buckets {
  return typeof values !== "function";
}

/** prom-client's own histograms cannot be set from counts. Format: Prometheus text 0.0.4. */
function histogram(name: string, help: string, buckets: Buckets): string {
  let below = 0;
  const lines = buckets.bounds.map((bound, at) => {
    below += buckets.counts[at] ?? 0;
    return `${name}_bucket{le="${bound}"} ${below}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} histogram\n${lines.join("")}${name}_bucket{le="+Inf"} ${buckets.count}\n${name}_sum ${buckets.sum}\n${name}_count ${buckets.count}\n`;
}
