/** How many sources used how much at most: a row for each span, its length drawn and said. */
import type { Output } from "../../../../../src/admin/contract.ts";

type Use = Output<"getLimitAdvice">["connectors"][number]["use"];

const shownSources = 3;

export function UseBySource({ use, of, what }: { use: Use; of: (one: Use[number]) => number; what: string }) {
  const spans = spansOf(use.map(of));
  const most = Math.max(1, ...spans.map(({ count }) => count));
  const top = [...use].sort((a, b) => of(b) - of(a)).slice(0, shownSources);
  return (
    <div class="use-by-source">
      <table class="spans">
        <caption class="muted">Sources by the most {what} they had</caption>
        <tbody>
          {spans.map(({ from, to, count }) => (
            <tr key={from}>
              <th scope="row">{from === to ? from : `${from}–${to}`}</th>
              <td>
                <svg class="usage" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                  <rect class="used" width={(count / most) * 100} height="6" />
                </svg>
              </td>
              <td class="nowrap">
                {count.toLocaleString()} {count === 1 ? "source" : "sources"}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="muted">
        Most:{" "}
        {top.map((one) => `${one.application?.name ?? one.source} ${of(one).toLocaleString()}`).join(", ")}
      </p>
    </div>
  );
}

/** 1, 2, 3–4, 5–8, …; those without anybody between others are there too. */
function spansOf(values: readonly number[]): { from: number; to: number; count: number }[] {
  const used = values.filter((value) => value > 0);
  const spans: { from: number; to: number; count: number }[] = [];
  for (let to = 1; used.some((value) => value > to / 2); to *= 2) {
    const from = Math.floor(to / 2) + 1;
    spans.push({ from, to, count: used.filter((value) => value >= from && value <= to).length });
  }
  return spans;
}
