/** What follows when a report made here cannot be delivered: the smallest form of it, once, or word to the administrator. */
import { isSmallerReportWorthATry } from "../../core/policy/report-retry.ts";
import type { Events } from "../../events/events.ts";
import type { Claim, Report } from "../../spool/spool.ts";
import { isReport, type ReportWriter } from "../dsn/report-writer.ts";
import type { Decision } from "./decisions.ts";

/** The decision by which a report is lost: it has one recipient. An administrator who removes one knows. */
export function lossOf(claim: Claim, decisions: readonly Decision[]): Decision | undefined {
  if (!isReport(claim)) return undefined;
  return decisions.find(({ step, removed }) => step.kind === "failed" && removed !== true);
}

/** The reports to be kept in place of the lost one. Throws SpoolError when that cannot be read. */
export async function replaceReport(
  claim: Claim,
  { state, step, attempted }: Decision,
  writer: ReportWriter,
  events: Events,
): Promise<readonly Report[]> {
  if (step.kind !== "failed") return [];
  const { id, envelope } = claim.message;
  const recipient = envelope.recipients[state.index]?.forwardPath ?? "";
  const error = step.finding.text;
  const attempts = state.attempts + attempted;
  const made = await writer.shrink(claim);
  if (
    made.report !== undefined &&
    isSmallerReportWorthATry(step.finding, { expired: step.expired, attempts })
  ) {
    events.emit("DsnRetried", { id, recipient, error, reportId: made.messageId });
    return [made.report];
  }
  events.emit("DsnSuppressed", { id, recipient, error, about: made.about });
  return [];
}
