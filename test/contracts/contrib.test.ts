/** The alert rules and the dashboard in contrib/ ask for metrics that exist, and the rules do what they say. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  type MetricDefinition,
  metricDefinitions,
  processDefinitions,
} from "../../src/metrics/definitions.ts";

const contrib = fileURLToPath(new URL("../../contrib/", import.meta.url));
const definitions = new Map<string, MetricDefinition>(
  Object.entries<MetricDefinition>({ ...metricDefinitions, ...processDefinitions }),
);
/** Prometheus' own. */
const ofPrometheus = new Set(["up"]);

const rules = (
  parse(readFileSync(`${contrib}prometheus/alerts.yaml`, "utf8")) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  }
).groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(readFileSync(`${contrib}grafana/weir.json`, "utf8")) as {
  templating: { list: { query: string }[] };
  annotations: { list: { expr: string }[] };
  panels: { title: string; targets?: { expr: string }[] }[];
};
const panels = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);
const expressions: readonly (readonly [string, string])[] = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...panels,
  ...dashboard.annotations.list.map(({ expr }) => ["annotation", expr] as const),
  ...dashboard.templating.list.map(({ query }) => ["variable", query] as const),
];

/** What an expression asks for: names, and the labels of each selector. */
function selectors(expr: string): { readonly name: string; readonly labels: readonly string[] }[] {
  return [...expr.matchAll(/\b((?:weir|process|nodejs)_[a-z0-9_]+|up)\b(?:\{([^}]*)\})?/g)].map((match) => ({
    name: match[1] ?? "",
    labels: [...(match[2] ?? "").matchAll(/([a-z_]+)\s*(?:=~|!=|!~|=)/g)].map(([, label]) => label ?? ""),
  }));
}

function definitionOf(name: string): MetricDefinition | undefined {
  const whole = definitions.get(name);
  if (whole !== undefined) return whole.type === "histogram" ? undefined : whole;
  const base = /^(.*)_(?:bucket|sum|count)$/.exec(name)?.[1];
  const histogram = base === undefined ? undefined : definitions.get(base);
  return histogram?.type === "histogram" ? histogram : undefined;
}

describe("contrib", () => {
  test.each(expressions)("%s asks for what is exposed: %s", (_, expr) => {
    const found = selectors(expr);
    const allowed = new Set(["job", "instance", "le"]);
    for (const { name, labels } of found) {
      if (ofPrometheus.has(name)) continue;
      expect(definitionOf(name), name).toBeDefined();
      for (const label of labels)
        if (!allowed.has(label)) expect(definitionOf(name)?.labels, `${name}{${label}}`).toContain(label);
    }
    expect(found.length > 0 || expr === "prometheus").toBe(true);
  });

  test("a misspelt metric would be found", () => {
    expect(definitionOf("weir_refusal_total")).toBeUndefined();
    expect(definitionOf("weir_time_to_250_seconds")).toBeUndefined();
    expect(definitionOf("weir_messages_queued_bucket")).toBeUndefined();
    expect(selectors('rate(weir_dsn_total{kind="failed"}[5m])')).toEqual([
      { name: "weir_dsn_total", labels: ["kind"] },
    ]);
  });

  test("the sentence that matters stands first", () => {
    expect(panels[0]?.[1]).toContain("weir_refusals_total");
  });

  test("every alert is told apart by its name, and says what to do", () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const rule of rules as readonly { annotations?: { summary?: string; description?: string } }[])
      expect([rule.annotations?.summary, rule.annotations?.description]).toEqual([
        expect.stringMatching(/./) as string,
        expect.stringMatching(/\.$/) as string,
      ]);
  });
});

const promtool = spawnSync("promtool", ["--version"]).status === 0;
if (!promtool)
  console.warn("test/contracts/contrib.test.ts: promtool is not installed; its checks are skipped");

test.skipIf(!promtool).each([
  ["check", "rules", "alerts.yaml"],
  ["test", "rules", "alerts.test.yaml"],
])("promtool %s %s %s", (...args) => {
  const { status, stdout, stderr } = spawnSync("promtool", args, {
    cwd: `${contrib}prometheus`,
    encoding: "utf8",
  });
  expect([status, `${stdout}${stderr}`]).toEqual([0, expect.stringContaining("SUCCESS") as string]);
});
