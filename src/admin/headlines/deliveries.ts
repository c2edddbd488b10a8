/** Mail that next hops refuse for good, by next hop and whose it is. */
import type { RecentFailure } from "../../metrics/recent-failures.ts";
import {
  type ApplicationName,
  counted,
  type Headline,
  type Instant,
  mostOfAKind,
  quoted,
  whoText,
} from "./headline.ts";

/** One wrong address is nobody's trouble but the sender's, who gets a report. */
const stormFrom = 10;

export function deliveryHeadlines(
  failures: readonly RecentFailure[],
  applicationOf: ApplicationName,
  instant: Instant,
): Headline[] {
  const rest = failures.slice(mostOfAKind);
  return [
    ...failures.slice(0, mostOfAKind).map((failure) => failedText(failure, applicationOf, instant)),
    ...(rest.length === 0 ? [] : [restText(rest)]),
  ];
}

function failedText(
  { connector, host, source, error, count, since, lastAt }: RecentFailure,
  applicationOf: ApplicationName,
  instant: Instant,
): Headline {
  const application = applicationOf(source);
  const who = whoText(source, application);
  const said = host === undefined ? "" : `${host} said: `;
  return {
    subject: "delivery",
    severity: count >= stormFrom ? "warning" : "information",
    text: `Mail of ${who} could not be delivered to ${counted(count, "recipient")} over ${connector} in the last 10 minutes, last ${instant(lastAt)}. ${said}${quoted(error)}`,
    connector,
    source,
    ...(application === undefined ? undefined : { application }),
    count,
    since: instant(since),
  };
}

function restText(rest: readonly RecentFailure[]): Headline {
  const count = rest.reduce((total, one) => total + one.count, 0);
  return {
    subject: "delivery",
    severity: count >= stormFrom ? "warning" : "information",
    text: `Mail of others could not be delivered to ${counted(count, "more recipient")} in the last 10 minutes.`,
    count,
  };
}
