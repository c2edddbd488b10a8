/** A configuration file that was not applied: what runs is not what it says. */
import { formatFault, type Fault } from "../../config/fault.ts";
import { counted, type Headline, quoted } from "./headline.ts";

const shownFaults = 3;

export function configurationHeadlines(faults: readonly Fault[], file: string): Headline[] {
  if (faults.length === 0) return [];
  const shown = faults.slice(0, shownFaults).map((fault) => quoted(formatFault(fault, file)));
  const more = faults.length - shown.length;
  return [
    {
      subject: "configuration",
      severity: "error",
      text: `The configuration file has ${counted(faults.length, "fault")} and was not applied; what held before goes on. ${shown.join(" ")}${more > 0 ? ` ${more} more.` : ""}`,
      count: faults.length,
    },
  ];
}
