/** Mail for everywhere goes into a directory: right for a first look, and never for a relay in use. */
import { usualConnector } from "../../core/policy/send-connector-choice.ts";
import type { SendConnectorSettings } from "../../core/policy/send-connector.ts";
import type { Headline } from "./headline.ts";

/** No address space is named like this, so that only one that holds all domains serves it. */
const anyDomain = "any.invalid";

export function dropDirectoryHeadlines(connectors: readonly SendConnectorSettings[]): Headline[] {
  const used = usualConnector(connectors, anyDomain);
  if (used?.kind !== "drop") return [];
  return [
    {
      subject: "sendConnector",
      severity: "warning",
      text: `Mail never leaves this machine: send connector ${used.name}, for all domains (*), writes it to ${used.dropDirectory}. For real delivery give its address space to a connector with a smart host.`,
      connector: used.name,
    },
  ];
}
