/** Get-MtaStsPolicy. */
import type { Output as Answer } from "../../admin/contract.ts";
import { isOn, textOf } from "../arguments/value.ts";
import { relayOf } from "../ask-relay.ts";
import type { Run } from "../cmdlet.ts";
import type { Property } from "../output/list.ts";
import { printRows } from "../output/print.ts";
import type { Column } from "../output/table.ts";
import { localTime } from "../output/time-text.ts";

type Policy = Answer<"getMtaStsPolicy">;

/** Resolves with 1 where there may be a policy that cannot be had. */
export const getMtaStsPolicy: Run = async (args, context) => {
  const relay = await relayOf(context);
  const found = await relay.call("getMtaStsPolicy", {
    domain: textOf(args, "Domain") ?? "",
    refresh: isOn(args, "Refresh"),
  });
  printRows(context.output, args, { rows: [found], columns, properties, json: found, none: "" });
  return found.policy === "unknown" ? 1 : 0;
};

const time = (at: string | null): string => (at === null ? "" : localTime(at));

const columns: readonly Column<Policy>[] = [
  { header: "Domain", value: ({ domain }) => domain },
  { header: "Policy", value: ({ policy }) => policy },
  { header: "Mx", value: ({ mx }) => mx.join(", "), wraps: true },
  { header: "Until", value: ({ until }) => time(until) },
  { header: "Reason", value: ({ reason }) => reason ?? "", wraps: true },
];

function properties(found: Policy): readonly Property[] {
  return [
    { name: "Domain", value: found.domain },
    { name: "Policy", value: found.policy },
    { name: "Mx", value: found.mx.join(", ") },
    { name: "MaxAge", value: found.maxAge === null ? "" : String(found.maxAge) },
    { name: "Id", value: found.id ?? "" },
    { name: "FetchedAt", value: time(found.fetchedAt) },
    { name: "Until", value: time(found.until) },
    { name: "Reason", value: found.reason ?? "" },
  ];
}
