/** What TLS with the mail hosts of recipient domains came to today: the domains where a policy was not met. */
import type { Output } from "../../../../src/admin/contract.ts";
import { useLoaded } from "../../load.ts";
import { visible } from "../../outside-text.ts";

type Report = Output<"listTlsReports">["reports"][number];

const everyMs = 30_000;
/** More than these are for Get-TlsReport. */
const mostShown = 5;
const limit = 1000;

/** A row of a list of facts. */
export function TlsResults() {
  // Days are counted by UTC.
  const [list] = useLoaded("listTlsReports", { date: new Date().toISOString().slice(0, 10), limit }, everyMs);
  if (list === undefined) return null;
  const { reports, hasMore } = list;
  const failing = reports
    .map((report) => ({ report, failures: sumOf(report, "total-failure-session-count") }))
    .filter(({ failures }) => failures > 0)
    .sort((one, other) => other.failures - one.failures);
  const successes = reports.reduce((sum, report) => sum + sumOf(report, "total-successful-session-count"), 0);
  return (
    <>
      <dt>TLS today</dt>
      <dd>
        {reports.length === 0
          ? "nothing was counted yet"
          : `${successes.toLocaleString()} successes; failures with ${failing.length.toLocaleString()} of ${hasMore ? "more than " : ""}${reports.length.toLocaleString()} domains`}
        {failing.slice(0, mostShown).map(({ report }) => (
          <div key={report.domain}>
            {report.domain}: <span class="fault-text">{visible(faultsOf(report))}</span>
          </div>
        ))}
        {(failing.length > mostShown || hasMore) && (
          <p class="muted">
            All of them: <code>weir Get-TlsReport</code>
          </p>
        )}
      </dd>
    </>
  );
}

type Count = keyof Report["report"]["policies"][number]["summary"];

function sumOf({ report }: Report, count: Count): number {
  return report.policies.reduce((sum, { summary }) => sum + summary[count], 0);
}

/** The commonest, with where it was met. */
function faultsOf({ report }: Report): string {
  const details = report.policies.flatMap((policy) => policy["failure-details"] ?? []);
  const [first] = details.toSorted((a, b) => b["failed-session-count"] - a["failed-session-count"]);
  if (first === undefined) return "";
  const host = first["receiving-mx-hostname"];
  const reason = first["failure-reason-code"];
  const others = details.length > 1 ? `, and ${details.length - 1} more` : "";
  return `${first["failed-session-count"].toLocaleString()} × ${first["result-type"]}${host === undefined ? "" : ` at ${host}`}${reason === undefined ? "" : ` (${reason})`}${others}`;
}
