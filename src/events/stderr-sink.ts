/** Writes events to standard error: one line each, for people or as JSON. */
import { write as writeFile } from "node:fs";
import { isatty } from "node:tty";
import { escapeControls } from "../core/units/escape-controls.ts";
import type { Severity } from "./catalogue.ts";
import { createCollapse } from "./collapse.ts";
import { renderEvent } from "./event-text.ts";
import type { EventRecord } from "./events.ts";
import type { EventListener } from "./event-log.ts";

export interface StderrSinkOptions {
  readonly format: "text" | "json";
  /** Takes text and says when it took it, also when it could not. Default: standard error. */
  readonly write?: (text: string, done: () => void) => void;
  /** Default: on a terminal, unless NO_COLOR is set. */
  readonly colour?: boolean;
}

export interface StderrSink {
  readonly listen: EventListener;
  /** Writes what is buffered; resolves when it is written, or cannot be. */
  flush(): Promise<void>;
}

/** In a flood of events lines are gathered for so long, lest each few of them cost a write. */
const gatherMs = 20;
/** Text that waits for a slow reader; beyond it lines are dropped and counted. */
const maxBufferedChars = 1024 * 1024;

const colours: Readonly<Record<Severity, string>> = {
  Error: "\x1b[31m",
  Warning: "\x1b[33m",
  Information: "",
};
const uncoloured = "\x1b[0m";

/**
 * The first line is written at the end of the turn of the event loop, what follows soon in few writes; a reader that
 * is slow is waited for without holding up anybody. Cost: rendering one line per event told.
 */
export function createStderrSink(options: StderrSinkOptions): StderrSink {
  const { format, write = writeStderr } = options;
  const colour = options.colour ?? (isatty(standardError) && process.env["NO_COLOR"] === undefined);
  const collapse = createCollapse();
  let buffered = "";
  let dropped = 0;
  let scheduled = false;
  let writing = false;
  let gathering: NodeJS.Timeout | undefined;
  let flushed: (() => void)[] = [];

  const writeBuffered = (): void => {
    clearTimeout(gathering);
    gathering = undefined;
    scheduled = false;
    if (writing) return;
    if (buffered === "") {
      for (const resolve of flushed) resolve();
      flushed = [];
      return;
    }
    const text = dropped === 0 ? buffered : `${buffered}${dropped} lines were dropped: the log is too slow\n`;
    buffered = "";
    dropped = 0;
    writing = true;
    write(text, () => {
      writing = false;
      if (flushed.length > 0) writeBuffered();
      else gathering = setTimeout(writeBuffered, gatherMs);
    });
  };

  return {
    listen(record) {
      const verdict = collapse(record);
      if (verdict.kind === "drop") return;
      if (buffered.length > maxBufferedChars) {
        dropped++;
        return;
      }
      buffered +=
        format === "json" ? jsonLine(record, verdict.unsaid) : textLine(record, verdict.unsaid, colour);
      if (scheduled || writing || gathering !== undefined) return;
      scheduled = true;
      setImmediate(writeBuffered);
    },
    flush: () =>
      new Promise((resolve) => {
        flushed.push(resolve);
        writeBuffered();
      }),
  };
}

const standardError = 2;
const fullPipeDelayMs = 10;

/** process.stderr blocks the process while a pipe is full; this waits on the thread pool instead. */
function writeStderr(text: string, done: () => void): void {
  const octets = Buffer.from(text);
  const from = (start: number): void => {
    writeFile(standardError, octets, start, octets.length - start, null, (error, written) => {
      if (error?.code === "EAGAIN") setTimeout(from, fullPipeDelayMs, start);
      // A log nobody can read any more must not end the relay.
      else if (error !== null || start + written >= octets.length) done();
      else from(start + written);
    });
  };
  from(0);
}

let lastSecond = Number.NaN;
let lastTime = "";

/** Local time. */
function timeOfDay(atMs: number): string {
  const second = Math.floor(atMs / 1000);
  if (second !== lastSecond) {
    lastTime = new Date(atMs).toTimeString().slice(0, 8);
    lastSecond = second;
  }
  return lastTime;
}

/** `05:21:53 Warning 1021 SmtpReceive: text`. */
export function textLine(record: EventRecord, unsaid: number, colour: boolean): string {
  const { at, definition } = record;
  const { severity, id, category } = definition;
  const time = timeOfDay(at.getTime());
  const line = `${time} ${severity} ${id} ${category}: ${renderEvent(record)}${unsaid > 0 ? ` (and ${unsaid} more like it)` : ""}`;
  const start = colour ? colours[severity] : "";
  return start === "" ? `${line}\n` : `${start}${line}${uncoloured}\n`;
}

/** One JSON object; fields as they are told, control characters escaped by JSON and U+2028/9 as well. */
export function jsonLine(record: EventRecord, unsaid: number): string {
  const { name, at, definition, fields } = record;
  const { id, category, severity } = definition;
  const object = {
    time: at.toISOString(),
    severity,
    id,
    category,
    name,
    text: renderEvent(record),
    ...(unsaid > 0 ? { unsaid } : undefined),
    fields: Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [
        key,
        typeof value === "string" ? escapeControls(value) : value,
      ]),
    ),
  };
  return `${JSON.stringify(object)}\n`;
}
