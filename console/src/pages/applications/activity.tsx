/** The day and the week by hour, the month by day, as bars against the limit that holds. */
import type { Output } from "../../../../src/admin/contract.ts";
import { Bars, type Bar } from "../../components/bars.tsx";
import { dateTimeText } from "../../time-text.ts";

type Shown = Output<"getSenderActivity">;
type Row = Shown["hours"][number];

export const measures = [
  { key: "messages", title: "Messages" },
  { key: "recipients", title: "Recipients" },
  { key: "highestOpen", title: "Connections at a time" },
  { key: "highestMinute", title: "Messages in a minute" },
] as const;
export type Measure = (typeof measures)[number];

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const spans = [
  { title: "Day", of: "hours", unitMs: hourMs, count: 24, unit: "hour" },
  { title: "Week", of: "hours", unitMs: hourMs, count: 168, unit: "hour" },
  { title: "Month", of: "days", unitMs: dayMs, count: 31, unit: "day" },
] as const;

export function Activity({ shown, measure }: { shown: Shown; measure: Measure }) {
  return (
    <div class="charts">
      {spans.map((span) => (
        <Chart key={span.title} shown={shown} measure={measure} span={span} />
      ))}
    </div>
  );
}

function Chart({
  shown,
  measure: { key, title },
  span,
}: {
  shown: Shown;
  measure: Measure;
  span: (typeof spans)[number];
}) {
  const { of, unitMs, count, unit } = span;
  const rows = new Map(shown[of].map((row) => [Date.parse(row.at), row]));
  const last = Math.floor(Date.now() / unitMs) * unitMs;
  const isCounted = key === "messages" || key === "recipients";
  const found: Row[] = [];
  const bars = Array.from({ length: count }, (_, index): Bar => {
    const at = last - (count - 1 - index) * unitMs;
    const row = rows.get(at);
    if (row !== undefined) found.push(row);
    const value = row?.[key] ?? 0;
    const refused = key === "messages" ? (row?.refusals ?? 0) : 0;
    const time = dateTimeText(new Date(at).toISOString()).slice(0, unit === "day" ? 10 : 16);
    return {
      value,
      refused,
      text: `${time}: ${value.toLocaleString()}${refused === 0 ? "" : `, ${refused.toLocaleString()} refused`}`,
    };
  });
  const limit = Math.min(
    ...shown.limits.flatMap(({ limits, value }) =>
      limits === key && value !== "unlimited" && (key !== "recipients" || unit === "day") ? [value] : [],
    ),
  );
  const highest = Math.max(0, ...bars.map(({ value }) => value));
  const sum = bars.reduce((total, { value }) => total + value, 0);
  const refusals = found.reduce((total, row) => total + row.refusals, 0);
  const words = [
    `Highest ${highest.toLocaleString()}${isCounted ? ` in ${unit === "hour" ? "an hour" : "a day"}` : ""}`,
    ...(isCounted ? [`${sum.toLocaleString()} in all`] : []),
    ...(limit === Infinity ? [] : [`limit ${limit.toLocaleString()}`]),
    ...(refusals === 0 ? [] : [refusals === 1 ? "1 refusal" : `${refusals.toLocaleString()} refusals`]),
  ];
  return (
    <figure class="chart">
      <figcaption>
        <strong>{span.title}</strong>{" "}
        <span class="muted">
          {title}, by {unit} (UTC)
        </span>
      </figcaption>
      <Bars bars={bars} limit={limit === Infinity ? undefined : limit} />
      <p class="muted">{words.join(", ")}.</p>
    </figure>
  );
}
