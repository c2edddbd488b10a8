/** How short the relay is of what it needs, against the thresholds at which it presses back. */
import type { Output } from "../../../../src/admin/contract.ts";
import { Badge } from "../../components/badge.tsx";
import { UsageBar } from "../../components/usage-bar.tsx";
import { useLoaded } from "../../load.ts";
import { durationText } from "../../time-text.ts";

type Pressure = Output<"getResourcePressure">;
type Resource = Pressure["resources"][number];

const units: Readonly<Record<Resource["resource"], string>> = {
  UsedDiskSpace: " %",
  PrivateBytes: " %",
  "QueueLength[SubmissionQueue]": " messages",
  EventLoopLag: " ms",
};
const kinds = { Low: "good", Medium: "warning", High: "error" } as const;

export function Resources() {
  const [pressure] = useLoaded("getResourcePressure", {}, 5_000);
  if (pressure === undefined) return null;
  const { enabled, level, refuses, mailTarpitMs, resources } = pressure;
  return (
    <section class="card" aria-label="Resources">
      <div class="card-head">
        <h2>Resources</h2>
        {enabled ? (
          <Badge kind={kinds[level]} text={`pressure ${level}`} />
        ) : (
          <Badge kind="warning" text="not watched" />
        )}
      </div>
      {refuses !== "nobody" && (
        <p class="fault">
          New messages of {refuses === "everyone" ? "everyone" : "anonymous clients"} get 452 4.3.1.
        </p>
      )}
      {mailTarpitMs > 0 && (
        <p>The reply to an anonymous client's MAIL is held back for {durationText(mailTarpitMs)}.</p>
      )}
      <div class="limits">
        {resources.map((resource) => (
          <ResourceBar key={resource.resource} resource={resource} />
        ))}
      </div>
    </section>
  );
}

function ResourceBar({ resource: { resource, level, current, thresholds } }: { resource: Resource }) {
  const { lowToMedium, mediumToHigh } = thresholds;
  const unit = units[resource];
  const text = (value: number | "unlimited"): string =>
    value === "unlimited" ? value : `${value.toLocaleString(undefined, { maximumFractionDigits: 1 })}${unit}`;
  return (
    <div class="limit">
      <div class="limit-head">
        <span>
          {resource} {level !== "Low" && <Badge kind={kinds[level]} text={level} />}
        </span>
        <span>
          {text(current)}{" "}
          <span class="muted">
            medium at {text(lowToMedium)}, high at {text(mediumToHigh)}
          </span>
        </span>
      </div>
      <UsageBar value={current} peak={0} most={mediumToHigh === "unlimited" ? Infinity : mediumToHigh} />
    </div>
  );
}
