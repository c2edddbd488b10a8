/**
 * The log: events, floods of them folded, and lines of messages, to one place. Which one is a setting that may change while
 * the relay runs; nothing goes to two.
 */
import type { LoggingSettings } from "../../core/policy/log-place.ts";
import { createCollapse } from "../collapse.ts";
import type { EventListener } from "../event-log.ts";
import type { LogLine } from "./log-line.ts";
import { createStderrSink, formatFor, type LineSink, type StderrSinkOptions } from "./stderr-sink.ts";

export interface LogSink {
  readonly listen: EventListener;
  /** A step of a message. */
  readonly message: (line: Omit<Extract<LogLine, { kind: "message" }>, "kind">) => void;
  /** Whether steps of messages are wanted. */
  readonly wantsMessages: boolean;
  /** What standard error is written as now; undefined: it is not. */
  readonly format: StderrSinkOptions["format"] | undefined;
  reconfigure(settings: LoggingSettings): Promise<void>;
  /** Hands over what is buffered, and closes. */
  close(): Promise<void>;
}

export async function openLogSink(options: {
  readonly settings: LoggingSettings;
  readonly hostname: string;
  /** What was given at the start wins over the settings, and means standard error. */
  readonly format?: StderrSinkOptions["format"] | undefined;
  /** Default: as `createStderrSink`. */
  readonly write?: StderrSinkOptions["write"];
}): Promise<LogSink> {
  const { hostname, write } = options;
  const collapse = createCollapse();
  let settings = options.settings;
  let format: LogSink["format"];
  let sink: LineSink;

  async function open(): Promise<LineSink> {
    const wanted = options.format ?? formatFor(settings.format);
    const { syslog: place, syslogFacility: facility } = settings;
    const standardError = () => createStderrSink({ format: wanted, hostname, ...(write && { write }) });
    if (place === undefined || options.format !== undefined) {
      format = wanted;
      return standardError();
    }
    format = undefined;
    const { createSyslogSink } = await import("./syslog-sink.ts");
    return createSyslogSink({
      place,
      facility,
      hostname,
      pid: process.pid,
      // Only of itself: the log goes to one place.
      complain: (text) => process.stderr.write(`weir: ${text}\n`),
    });
  }
  sink = await open();

  return {
    listen(record) {
      const verdict = collapse(record);
      if (verdict.kind === "pass") sink.write({ kind: "event", record, unsaid: verdict.unsaid });
    },
    message: (line) => sink.write({ kind: "message", ...line }),
    get wantsMessages() {
      return settings.messageLines;
    },
    get format() {
      return format;
    },
    async reconfigure(next) {
      const isSame =
        next.syslog?.text === settings.syslog?.text &&
        next.syslogFacility === settings.syslogFacility &&
        next.format === settings.format;
      settings = next;
      if (isSame) return;
      const before = sink;
      sink = await open();
      // A daemon that is away must not hold up the change.
      void before.close();
    },
    close: () => sink.close(),
  };
}
