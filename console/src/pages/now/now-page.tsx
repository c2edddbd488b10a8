/** Now: the sentences that matter, each with its way out, and the last ten minutes as plots. */
import { useEffect, useState } from "preact/hooks";
import type { Output } from "../../../../src/admin/contract.ts";
import { follow, may } from "../../api.ts";
import { silentSince } from "../../connection.ts";
import { Plot, type Series } from "../../components/plot.tsx";
import { useLoaded } from "../../load.ts";
import { visible } from "../../outside-text.ts";
import { headlines, lookNow, type Headline } from "../../relay-watch.ts";
import { localTimes } from "../../time-text.ts";
import { headlineKeys } from "./headline-keys.ts";
import { placeOf } from "./headline-place.ts";
import { RaiseDialog } from "./raise-dialog.tsx";

type Overview = Output<"getOverview">;
type Point = Overview["points"][number];

/** Ten minutes. */
const shownPoints = 600;

interface PlotOf {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly { readonly key: Exclude<keyof Point, "at">; readonly label: string }[];
}

const plots: readonly PlotOf[] = [
  {
    title: "Messages a second",
    unit: "",
    lines: [
      { key: "received", label: "received" },
      { key: "delivered", label: "delivered" },
    ],
  },
  { title: "Connections", unit: "", lines: [{ key: "connections", label: "open" }] },
  { title: "Refused a second", unit: "", lines: [{ key: "refused", label: "refused" }] },
  { title: "Queued", unit: "", lines: [{ key: "queued", label: "messages" }] },
  {
    title: "Time to 250",
    unit: " ms",
    lines: [
      { key: "timeTo250P50Ms", label: "half" },
      { key: "timeTo250P99Ms", label: "99 %" },
    ],
  },
  { title: "Event loop lag", unit: " ms", lines: [{ key: "eventLoopLagP99Ms", label: "99 %" }] },
];
const colors = ["--plot-1", "--plot-2"];

export function NowPage() {
  const [overview] = useLoaded("getOverview", {}, 0);
  const [streamed, setStreamed] = useState<readonly Point[]>([]);
  const [raised, setRaised] = useState<Headline>();
  useEffect(
    () =>
      follow("followOverview", {}, (point) => setStreamed((held) => [...held, point].slice(-shownPoints))),
    [],
  );
  // Without an answer the frame says so in their place.
  const said = silentSince.value === undefined ? (headlines.value ?? []) : [];
  const keys = headlineKeys(said);
  const asked = overview?.points ?? [];
  const lastAsked = asked.at(-1)?.at ?? "";
  const points = [...asked, ...streamed.filter(({ at }) => at > lastAsked)].slice(-shownPoints);
  return (
    <div class="page">
      <h1>Now</h1>
      <ul class="headlines" aria-label="What matters now">
        {said.map((headline, index) => (
          <li key={keys[index]} class={`headline ${headline.severity} ${headline.subject}`}>
            <p>
              {headline.severity !== "information" && (
                <span class={`badge ${headline.severity}`}>{headline.severity}</span>
              )}{" "}
              {headline.server !== undefined && <strong>{headline.server}: </strong>}
              {localTimes(visible(headline.text))}
            </p>
            <HeadlineActions headline={headline} onRaise={() => setRaised(headline)} />
          </li>
        ))}
      </ul>
      <div class="plots">
        {plots.map((plot) => (
          <PlotCard key={plot.title} plot={plot} points={points} />
        ))}
      </div>
      {raised !== undefined && (
        <RaiseDialog
          headline={raised}
          onClose={() => {
            setRaised(undefined);
            lookNow();
          }}
        />
      )}
    </div>
  );
}

function HeadlineActions({ headline, onRaise }: { headline: Headline; onRaise: () => void }) {
  const { fix } = headline;
  const shown = placeOf(headline);
  return (
    <div class="actions">
      {fix !== undefined && may("setReceiveConnector") && (
        <button type="button" class="primary" onClick={onRaise}>
          Raise {fix.setting}…
        </button>
      )}
      {shown !== undefined && <a href={shown.href}>{shown.text}</a>}
    </div>
  );
}

function PlotCard({ plot, points }: { plot: PlotOf; points: readonly Point[] }) {
  const series: readonly Series[] = plot.lines.map(({ key, label }, index) => ({
    label,
    color: colors[index] ?? "--plot-1",
    values: points.map((point) => point[key]),
  }));
  const last = points.at(-1);
  return (
    <section class="card" aria-label={plot.title}>
      <h2>{plot.title}</h2>
      <p class="plot-now">
        {plot.lines.map(({ key, label }, index) => (
          <span key={key} class="plot-line">
            {plot.lines.length > 1 && <span class={`swatch line-${index + 1}`} />}
            <span class="plot-value">
              {last === undefined ? "–" : format(last[key])}
              {plot.unit}
            </span>{" "}
            <span class="muted">{label}</span>
          </span>
        ))}
      </p>
      <Plot times={points.map(({ at }) => Date.parse(at) / 1000)} series={series} />
    </section>
  );
}

function format(value: number): string {
  return value.toLocaleString(undefined, { maximumFractionDigits: value < 10 ? 1 : 0 });
}
