/** One line of the log, before anybody knows where it goes. */
import type { EventRecord } from "../events.ts";

export type LogLine =
  | {
      readonly kind: "event";
      readonly record: EventRecord;
      /** Like events since the last one told. */
      readonly unsaid: number;
    }
  /** A step of a message. */
  | {
      readonly kind: "message";
      readonly at: Date;
      /** As Postfix calls the part that does it: `smtpd`, `qmgr`, `smtp`. */
      readonly part: string;
      /** In one line. */
      readonly text: string;
    };

/** RFC 5424 §6.2.1: err, warning, notice, info. Lines of messages have one of their own. */
export function priorityOf(line: LogLine): 3 | 4 | 5 | 6 {
  if (line.kind === "message") return 6;
  const { severity } = line.record.definition;
  return severity === "Error" ? 3 : severity === "Warning" ? 4 : 5;
}
