/** What a value would have refused, hour by hour. The words beside it say the same. */
import { dateTimeText } from "../../../time-text.ts";

const height = 48;
const hourMs = 3_600_000;

export function RefusalsByHour({
  hours,
  from,
  to,
  most,
}: {
  hours: readonly { readonly at: string; readonly refused: number }[];
  from: string;
  to: string;
  /** Of any value: what the highest bar stands for. */
  most: number;
}) {
  const first = Math.floor(Date.parse(from) / hourMs);
  const count = Math.max(24, Math.floor(Date.parse(to) / hourMs) - first + 1);
  return (
    <div>
      <svg
        class="refusals-by-hour"
        viewBox={`0 0 ${count} ${height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <rect class="reached" x="0" y={height - 1} width={count} height="1" />
        {hours.map(({ at, refused }) => {
          const tall = most === 0 ? 0 : Math.max(2, (Math.sqrt(refused) / Math.sqrt(most)) * height);
          return (
            <rect
              key={at}
              class="used full"
              x={Math.floor(Date.parse(at) / hourMs) - first}
              y={height - tall}
              width="1"
              height={tall}
            />
          );
        })}
      </svg>
      <p class="hours-span muted" aria-hidden="true">
        <span>{dateTimeText(from).slice(0, 16)}</span>
        <span>refusals by hour</span>
        <span>{dateTimeText(new Date((first + count) * hourMs).toISOString()).slice(0, 16)}</span>
      </p>
    </div>
  );
}
