/** Webhooks that are not told what happens. */
import type { Administered } from "../administered.ts";
import { counted, type Headline, mostOfAKind } from "./headline.ts";

type State = ReturnType<Administered["relay"]["webhooks"]["states"]>[number];

/** Those that wait for longest first. */
export function webhookHeadlines(states: readonly State[]): Headline[] {
  return states
    .filter(({ status }) => status === "Retry" || status === "Gone")
    .toSorted((one, other) => (one.waitingSinceMs ?? 0) - (other.waitingSinceMs ?? 0))
    .slice(0, mostOfAKind)
    .map(({ name, status, waitingEvents, waitingSinceMs, lastError = "" }): Headline => ({
      subject: "webhook",
      severity: "warning",
      text:
        status === "Gone"
          ? `Webhook ${name} was answered 410: nothing is sent to it until it is changed, or weir Test-Webhook is taken.`
          : `Webhook ${name} does not take ${counted(waitingEvents, "event", "events")}: ${lastError}. weir Test-Webhook tries it.`,
      ...(waitingSinceMs === undefined ? undefined : { since: new Date(waitingSinceMs).toISOString() }),
    }));
}
