/** Listeners that could not be opened, and who holds the port. */
import { listeningText } from "../../core/policy/listening-endpoint.ts";
import type { Administered } from "../administered.ts";
import { type Headline, quoted } from "./headline.ts";

export type FailedListener = ReturnType<Administered["relay"]["failedListeners"]>[number];

export function listenerHeadlines(failed: readonly FailedListener[]): Headline[] {
  return failed.map(({ endpoint, connectors, reason }) => {
    const [connector] = connectors;
    return {
      subject: "listener",
      severity: "error",
      text: `Nothing listens on ${listeningText(endpoint)} for ${connectors.join(", ")}: ${quoted(reason)}`,
      ...(connector === undefined ? undefined : { connector }),
    };
  });
}
