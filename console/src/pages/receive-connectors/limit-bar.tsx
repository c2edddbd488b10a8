/** A limit: what of it is in use, the highest of the last day, whom it refused and where to go from there. */
import type { Output } from "../../../../src/admin/contract.ts";
import { Badge } from "../../components/badge.tsx";
import { UsageBar } from "../../components/usage-bar.tsx";
import { headlines } from "../../relay-watch.ts";
import { linkTo } from "../../router.ts";

type OfConnector = Output<"getLimitUsage">["connectors"][number]["limits"][number];
export type LimitUsage = Omit<OfConnector, "watched"> & Partial<Pick<OfConnector, "watched">>;

/** Sources that were refused, named; the events name the others. */
const shownSources = 3;

/** `connector`: undefined for what holds for all together. */
export function LimitBar({ usage, connector }: { usage: LimitUsage; connector?: string }) {
  const { limit, allowed, inUse, highestLastDay, refusedLastHour, refusedLastDay, topSources } = usage;
  const { watched = null } = usage;
  const refused = topSources.filter((top) => top.refusedLastDay > 0).slice(0, shownSources);
  return (
    <div class="limit">
      <div class="limit-head">
        <span>{limit}</span>
        <span class="nowrap">
          {allowed === "unlimited"
            ? `${inUse.toLocaleString()}, unlimited`
            : `${inUse.toLocaleString()} of ${allowed.toLocaleString()}`}{" "}
          <span class="muted">peak {highestLastDay.toLocaleString()}</span>
        </span>
      </div>
      <UsageBar value={inUse} peak={highestLastDay} most={allowed === "unlimited" ? Infinity : allowed} />
      {refusedLastDay > 0 && (
        <p class={isRefusing(limit, connector) ? "limit-refused" : "muted"}>
          Refused {refusedLastHour.toLocaleString()} times in the last hour, {refusedLastDay.toLocaleString()}{" "}
          in the last day
          {refused.length === 0 ? "." : ": "}
          {refused.map(({ source, application }, index) => (
            <span key={source}>
              {index === 0 ? "" : ", "}
              <a href={linkTo("/events", { source })}>{application?.name ?? source}</a>
            </span>
          ))}
        </p>
      )}
      {watched !== null && <Watched watched={watched} />}
    </div>
  );
}

/** A value that is only looked at: nobody was refused by it. */
function Watched({ watched }: { watched: NonNullable<OfConnector["watched"]> }) {
  const { value, reportOnly, wouldRefuseLastHour, wouldRefuseLastDay, topSources } = watched;
  return (
    <p class="muted">
      <Badge kind="plain" text={reportOnly ? "report only" : "candidate"} /> {value.toLocaleString()} would
      have refused {wouldRefuseLastHour.toLocaleString()} times in the last hour,{" "}
      {wouldRefuseLastDay.toLocaleString()} in the last day
      {topSources.length === 0 ? "." : ": "}
      {topSources.slice(0, shownSources).map(({ source, application }, index) => (
        <span key={source}>
          {index === 0 ? "" : ", "}
          <a href={linkTo("/events", { source })}>{application?.name ?? source}</a>
        </span>
      ))}
    </p>
  );
}

/** Whether it still does, as the headlines have it; what was, is told without alarm. */
function isRefusing(limit: string, connector: string | undefined): boolean {
  return (headlines.value ?? []).some(
    (said) =>
      said.setting === limit &&
      said.severity !== "information" &&
      (connector === undefined || said.connector === connector),
  );
}
