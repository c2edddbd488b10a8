/** An instant: short where it stands, whole when pointed at. */
import { dateTimeText, timeText } from "../time-text.ts";

export function Time({ at, whole = false }: { at: string; whole?: boolean }) {
  return (
    <time dateTime={at} title={`${dateTimeText(at)} (${at})`} class="nowrap">
      {whole ? dateTimeText(at) : timeText(at)}
    </time>
  );
}
