/** One limit: why a value is advised, a slider over the values that were tried, and what each would have refused. */
import { useId, useState } from "preact/hooks";
import type { Output } from "../../../../../src/admin/contract.ts";
import { verdictText } from "../../../../../src/core/advice/verdict-text.ts";
import { counted } from "../../../../../src/core/units/counted.ts";
import { may } from "../../../api.ts";
import { dateTimeText } from "../../../time-text.ts";
import { RefusalsByHour } from "./refusals-by-hour.tsx";
import type { Limit } from "./tried-values.ts";
import { UseBySource } from "./use-by-source.tsx";

type Advice = Output<"getLimitAdvice">["connectors"][number];
type Outcome = Output<"testReceiveConnector">["variants"][number]["outcome"];

export interface TriedValue {
  readonly value: number;
  readonly outcome: Outcome;
}

const shownSources = 3;

export function LimitSlider({
  limit,
  advice,
  tried,
  recorded,
  onApply,
}: {
  limit: Limit;
  advice: Advice;
  /** Ascending. */
  tried: readonly TriedValue[];
  recorded: Output<"testReceiveConnector">["recorded"];
  onApply: (value: number) => void;
}) {
  const advised = advice.limits.find((one) => one.limit === limit);
  const begin = tried.findIndex(({ value }) => value === advised?.value);
  const [index, setIndex] = useState(begin === -1 ? tried.length - 1 : begin);
  const id = useId();
  const chosen = tried[index];
  if (advised === undefined || chosen === undefined) return null;
  const most = Math.max(0, ...tried.flatMap(({ outcome }) => outcome.hours.map(({ refused }) => refused)));
  return (
    <section class="limit-slider" aria-label={limit}>
      <h3>{limit}</h3>
      <p>
        <strong>{verdictText(advised)}</strong> {advised.reason}
      </p>
      {limit !== "maxInboundConnection" && (
        <UseBySource
          use={advice.use}
          of={(one) => (limit === "messageRateLimit" ? one.highestMessages : one.highestOpen)}
          what={limit === "messageRateLimit" ? "messages in a minute" : "connections at once"}
        />
      )}
      <div class="slider">
        <label for={id}>Try a value</label>
        <input
          id={id}
          type="range"
          min="0"
          max={tried.length - 1}
          step="1"
          value={index}
          aria-valuetext={`${chosen.value}: ${refusedText(chosen.outcome, recorded.from)}`}
          onInput={({ currentTarget }) => setIndex(Number(currentTarget.value))}
        />
        <output for={id}>{chosen.value.toLocaleString()}</output>
        {may("setReceiveConnector") && (
          <button
            type="button"
            class="primary"
            aria-label={`Apply ${limit} ${chosen.value}`}
            disabled={chosen.value === advised.current}
            onClick={() => onApply(chosen.value)}
          >
            Apply…
          </button>
        )}
      </div>
      {recorded.from !== null && recorded.to !== null && (
        <RefusalsByHour hours={chosen.outcome.hours} from={recorded.from} to={recorded.to} most={most} />
      )}
      <p
        class={Object.keys(chosen.outcome.refused).length > 0 ? "limit-refused" : "muted"}
        aria-live="polite"
      >
        {refusedText(chosen.outcome, recorded.from)}
      </p>
    </section>
  );
}

/** In the past week, as far as it is recorded. */
function refusedText({ refused, sources, lostMessages, waits }: Outcome, from: string | null): string {
  if (from === null) return "Nothing is recorded of the past week.";
  const total = Object.values(refused).reduce((sum, count) => sum + count, 0);
  const waited = waits.connections + waits.messages;
  const since = `since ${dateTimeText(from).slice(0, 16)}`;
  const waiting =
    waited === 0 ? "" : `, and let ${counted(waited, "client or message", "clients and messages")} wait`;
  if (total === 0) return `By itself it would have refused nobody ${since}${waiting}.`;
  const hit = sources.filter((source) => Object.keys(source.refused).length > 0);
  const names = hit.slice(0, shownSources).map(({ source, application }) => application?.name ?? source);
  const more = hit.length > names.length ? " and others" : "";
  return `By itself it would have refused ${counted(total, "time")} ${since}${waiting}, ${counted(lostMessages, "message")} lost with it: ${names.join(", ")}${more}.`;
}
