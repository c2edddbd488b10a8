/** A line over time, drawn by uPlot. What it says also stands in words beside it, so it is hidden from readers. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { timeText } from "../time-text.ts";
import { theme } from "../theme.ts";

export interface Series {
  readonly label: string;
  /** A custom property of the theme: `--plot-1`. */
  readonly color: string;
  readonly values: readonly number[];
}

const height = 120;
/** Seconds between two ticks of the time axis: some of the ten minutes always fit. */
const tickSteps = [1, 5, 10, 15, 30, 60, 120, 300, 600];

/** `12:06`, with the seconds where a tick stands between two minutes. */
function clockText(seconds: number): string {
  const time = timeText(new Date(seconds * 1_000).toISOString());
  return time.endsWith(":00") ? time.slice(0, -3) : time;
}

/** `times`: seconds since 1970, ascending. */
export function Plot({ times, series }: { times: readonly number[]; series: readonly Series[] }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data = [[...times], ...series.map(({ values }) => [...values])] as uPlot.AlignedData;
  const shown = theme.value;

  useEffect(() => {
    const host = box.current;
    if (host === null) return undefined;
    const style = getComputedStyle(document.documentElement);
    const color = (name: string): string => style.getPropertyValue(name).trim();
    const axis = {
      stroke: color("--text-muted"),
      grid: { stroke: color("--border"), width: 1 },
      ticks: { show: false },
      font: "11px system-ui",
    };
    const drawn = new uPlot(
      {
        width: Math.max(host.clientWidth, 120),
        height,
        padding: [8, 8, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.1, 1)] } },
        axes: [
          { ...axis, space: 48, size: 28, incrs: tickSteps, values: (_, ticks) => ticks.map(clockText) },
          { ...axis, size: 44 },
        ],
        series: [
          {},
          ...series.map((one) => ({
            label: one.label,
            stroke: color(one.color),
            width: 1.5,
            points: { show: false },
          })),
        ],
      },
      data,
      host,
    );
    plot.current = drawn;
    const observer = new ResizeObserver(() => {
      drawn.setSize({ width: Math.max(host.clientWidth, 120), height });
    });
    observer.observe(host);
    return () => {
      observer.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [shown]);
  useEffect(() => plot.current?.setData(data), [times]);
  return <div class="plot" ref={box} aria-hidden="true" />;
}
