/** A limit: what of it is in use, the highest of the last day, whom it refused. */
import type { Output } from "../../../../src/admin/contract.ts";

export type LimitUsage = Output<"getLimitUsage">["connectors"][number]["limits"][number];

export function LimitBar({ usage }: { usage: LimitUsage }) {
  const { limit, allowed, inUse, highestLastDay, refusedLastHour } = usage;
  const share = (value: number): number =>
    allowed === "unlimited" || allowed <= 0 ? 0 : Math.min(100, (value / allowed) * 100);
  return (
    <div class="limit">
      <div class="limit-head">
        <span>{limit}</span>
        <span>
          {inUse.toLocaleString()} of {allowed.toLocaleString()}{" "}
          <span class="muted">peak {highestLastDay.toLocaleString()}</span>
        </span>
      </div>
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class={share(inUse) >= 100 ? "used full" : "used"} width={share(inUse)} height="8" />
        {share(highestLastDay) > 0 && (
          <rect class="peak" x={Math.min(99, share(highestLastDay))} width="1" height="8" />
        )}
      </svg>
      {refusedLastHour > 0 && (
        <p class="fault">Refused {refusedLastHour.toLocaleString()} times in the last hour.</p>
      )}
    </div>
  );
}
