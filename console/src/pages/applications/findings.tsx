/** What is remarkable about who sends, in sentences. */
import type { Output } from "../../../../src/admin/contract.ts";
import { Time } from "../../components/time.tsx";
import { visible } from "../../outside-text.ts";
import { linkTo } from "../../router.ts";

type Finding = Output<"listSenders">["findings"][number];

const shown = 10;
const quiet: ReadonlySet<Finding["kind"]> = new Set(["newSender", "hiddenApplications"]);

export function Findings({ findings }: { findings: readonly Finding[] }) {
  if (findings.length === 0) return null;
  return (
    <ul class="notes" aria-label="Remarkable">
      {findings.slice(0, shown).map((finding) => (
        <li key={`${finding.kind} ${finding.who}`} class={quiet.has(finding.kind) ? "" : "grave"}>
          <a href={placeOf(finding)}>{visible(finding.who)}</a> {visible(finding.text)}.{" "}
          <span class="muted">
            since <Time at={finding.since} />
          </span>
        </li>
      ))}
      {findings.length > shown && (
        <li class="muted">
          {(findings.length - shown).toLocaleString()} more: <code>weir Get-Application -Findings</code>
        </li>
      )}
    </ul>
  );
}

function placeOf({ application, kind, source, who }: Finding): string {
  if (application !== null) return linkTo("/applications", { name: application });
  if (kind === "hiddenApplications") return linkTo("/events", { source });
  const [, user = ""] = / as (.*)$/.exec(who) ?? [];
  return linkTo("/applications", { source, user });
}
