/** That all is well. */
import type { OverviewPoint } from "../../metrics/overview.ts";
import { counted, type Headline, number } from "./headline.ts";

/** `points`: of the last minute. */
export function calmHeadline(
  { sessions, queued }: { readonly sessions: number; readonly queued: number },
  points: readonly Pick<OverviewPoint, "received">[],
): Headline {
  const received = points.reduce((total, point) => total + point.received, 0);
  return {
    subject: "relay",
    severity: "information",
    text: `All is well: ${counted(sessions, "connection")}, ${counted(received, "message")} in the last minute, ${number(queued)} queued, nobody is refused.`,
  };
}
