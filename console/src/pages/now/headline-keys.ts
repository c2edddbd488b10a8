/** Which sentence is which, from one answer to the next. */
import type { Output } from "../../../../src/admin/contract.ts";

type Told = Pick<
  Output<"getOverview">["headlines"][number],
  "server" | "subject" | "connector" | "source" | "queue" | "application" | "setting"
>;

/**
 * A key for each, the same while it is about the same: the counts and times in its words change every few seconds, and
 * its buttons are to stay where they are, with the focus, while somebody presses them.
 */
export function headlineKeys(headlines: readonly Told[]): readonly string[] {
  const known = new Map<string, number>();
  return headlines.map(({ server, subject, connector, source, queue, application, setting }) => {
    const about = JSON.stringify([server, subject, connector, source, queue, application, setting]);
    const before = known.get(about) ?? 0;
    known.set(about, before + 1);
    return before === 0 ? about : `${about} ${before}`;
  });
}
