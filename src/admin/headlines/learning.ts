/** Receive connectors that learn what their limits should be, and those whose time for it is over. */
import type { ReceiveConnectorSettings } from "../../core/policy/receive-connector.ts";
import { commandWord } from "../../core/units/command-word.ts";
import { learningOf } from "../handlers/learning.ts";
import type { Headline } from "./headline.ts";

export function learningHeadlines(
  connectors: readonly Pick<ReceiveConnectorSettings, "name" | "enabled" | "learnUntil" | "reportOnly">[],
  nowMs: number,
): Headline[] {
  return connectors.flatMap((connector): Headline[] => {
    const learning = connector.enabled ? learningOf(connector, nowMs) : null;
    if (learning === null) return [];
    const { name } = connector;
    const subject = { subject: "learning", connector: name } as const;
    const day = learning.until.slice(0, 16).replace("T", " ");
    if (!learning.isOver)
      return [
        {
          ...subject,
          severity: "information",
          text: `Receive connector ${name} learns until ${day} UTC what its limits should be: they refuse nobody, and Get-Refusal -ReportOnly shows whom they would have.`,
        },
      ];
    const text = `Receive connector ${name} has learned until ${day} UTC, and its limits still refuse nobody: Get-LimitAdvice -Connector ${commandWord(name)} proposes what they should be.`;
    return [{ ...subject, severity: "warning", text }];
  });
}
