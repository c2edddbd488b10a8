/** Get-TlsReport. */
import type { Output as Answer } from "../../admin/contract.ts";
import { numberOf, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import type { Property } from "../output/list.ts";
import { printRows } from "../output/print.ts";
import type { Column } from "../output/table.ts";
import { nothingFound } from "./nothing-found.ts";

type Report = Answer<"listTlsReports">["reports"][number];
type Policy = Report["report"]["policies"][number];

/** A policy of a domain on a day. */
interface Row {
  readonly date: string;
  readonly domain: string;
  readonly sent: boolean;
  readonly policy: Policy;
}

export const getTlsReport: Run = async (args, context) => {
  const relay = await relayOf(context);
  const domain = textOf(args, "Domain");
  const date = textOf(args, "Date");
  const limit = numberOf(args, "ResultSize");
  const { reports, hasMore } = await relay.call("listTlsReports", {
    ...(domain === undefined ? {} : { domain }),
    ...(date === undefined ? {} : { date }),
    ...(limit === undefined ? {} : { limit }),
  });
  const rows = reports.flatMap(({ report, ...day }) =>
    report.policies.map((policy): Row => ({ ...day, policy })),
  );
  const none = nothingFound(args, ["Domain", "Date"], {
    nothing: "nothing was delivered by MX record in the last days",
    unfit: "nothing was delivered by MX record to that domain, or on that day",
  });
  printRows(context.output, args, {
    rows,
    columns,
    properties,
    json: reports.map(({ report }) => report),
    none,
  });
  if (hasMore)
    context.output.complain("There are more reports; -Domain, -Date or -ResultSize shows others.\n");
  return 0;
};

const faults = ({ policy }: Row): string =>
  (policy["failure-details"] ?? [])
    .map((detail) => {
      const where = detail["receiving-mx-hostname"];
      const why = detail["failure-reason-code"];
      return [
        `${detail["failed-session-count"]} × ${detail["result-type"]}`,
        ...(where === undefined ? [] : [`at ${where}`]),
        ...(why === undefined ? [] : [`(${why})`]),
      ].join(" ");
    })
    .join("; ");

const columns: readonly Column<Row>[] = [
  { header: "Date", value: ({ date }) => date },
  { header: "Domain", value: ({ domain }) => domain },
  { header: "Policy", value: ({ policy }) => policy.policy["policy-type"] },
  {
    header: "Successes",
    value: ({ policy }) => policy.summary["total-successful-session-count"],
    align: "right",
  },
  {
    header: "Failures",
    value: ({ policy }) => policy.summary["total-failure-session-count"],
    align: "right",
  },
  { header: "Faults", value: faults, wraps: true },
];

function properties(row: Row): readonly Property[] {
  const { policy } = row;
  return [
    { name: "Date", value: row.date },
    { name: "Domain", value: row.domain },
    { name: "Policy", value: policy.policy["policy-type"] },
    { name: "PolicyStrings", value: (policy.policy["policy-string"] ?? []).join("; ") },
    { name: "Mx", value: (policy.policy["mx-host"] ?? []).join(", ") },
    { name: "Successes", value: String(policy.summary["total-successful-session-count"]) },
    { name: "Failures", value: String(policy.summary["total-failure-session-count"]) },
    { name: "Faults", value: faults(row) },
    { name: "Sent", value: row.sent ? "yes" : "no" },
  ];
}
