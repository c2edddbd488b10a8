/** The section `logging`. */
import { z } from "zod";
import { logFormats, parseSyslogPlace, syslogFacilities, usualLogging } from "../core/policy/log-place.ts";
import { choice, flag, notASection, optionalSetting, parsedText, setting } from "./value-type.ts";

const facilities = Object.keys(syslogFacilities) as [keyof typeof syslogFacilities];

export const loggingSchema = z.strictObject(
  {
    syslog: optionalSetting(
      parsedText({ kind: "place of a syslog daemon" }, parseSyslogPlace),
      "none: standard error",
      "Where the log goes in place of standard error, by RFC 5424: `udp:127.0.0.1:514`, `tcp:loghost.example:601`, or a stream socket, `unix:/run/syslog-ng.sock`.",
    ),
    syslogFacility: setting(
      choice(facilities),
      usualLogging.syslogFacility,
      "The facility of each line there.",
    ),
    format: setting(
      choice(logFormats),
      usualLogging.format,
      "Of standard error. auto: journal where journald reads it, else text. journal: priorities in front, no time. `weir start --log-format` wins.",
    ),
    messageLines: setting(
      flag(),
      usualLogging.messageLines,
      "Lines for each message, as Postfix writes them, which pflogsumm reads: who sent it, and what became of each recipient. Where there are priorities theirs is info, that of all else notice or above.",
    ),
  },
  { error: notASection },
);
