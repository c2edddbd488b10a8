/** Diagnostic logging that was raised: meant for a short time, and forgotten. */
import type { Settings } from "../../config/settings.ts";
import { eventLevels } from "../../events/event-level.ts";
import type { Headline } from "./headline.ts";

export function loggingHeadlines(levels: Settings["diagnostics"]["levels"]): Headline[] {
  const raised = Object.entries(levels)
    .filter(([, level]) => eventLevels[level] > eventLevels.Lowest)
    .toSorted(([, one], [, other]) => eventLevels[other] - eventLevels[one]);
  const [highest] = raised;
  if (highest === undefined) return [];
  const named = raised.map(([name, level]) => `${name.slice(name.lastIndexOf("\\") + 1)} is ${level}`);
  const isFull = eventLevels[highest[1]] >= eventLevels.Expert;
  return [
    {
      subject: "logging",
      severity: isFull ? "warning" : "information",
      text: `Diagnostic logging is raised: ${named.join(", ")}.${isFull ? " At Expert each message is written down, and events are kept for a shorter time. Set it back when you are done." : ""}`,
    },
  ];
}
