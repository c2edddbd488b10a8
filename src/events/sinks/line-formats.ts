/** Forms of a line on standard error. */
import { escapeControls } from "../../core/units/escape-controls.ts";
import type { Severity } from "../catalogue.ts";
import { renderEvent } from "../event-text.ts";
import type { EventRecord } from "../events.ts";
import { type LogLine, priorityOf } from "./log-line.ts";

const colours: Readonly<Record<Severity, string>> = {
  Error: "\x1b[31m",
  Warning: "\x1b[33m",
  Information: "",
};
const uncoloured = "\x1b[0m";

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

/** `Warning 1021 SmtpReceive: text`. */
export function eventText(record: EventRecord, unsaid: number): string {
  const { severity, id, category } = record.definition;
  return `${severity} ${id} ${category}: ${renderEvent(record)}${unsaid > 0 ? ` (and ${unsaid} more like it)` : ""}`;
}

/** `05:21:53 Warning 1021 SmtpReceive: text`. */
export function textLine(record: EventRecord, unsaid: number, colour: boolean): string {
  const line = `${timeOfDay(record.at.getTime())} ${eventText(record, unsaid)}`;
  const start = colour ? colours[record.definition.severity] : "";
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

/** `Nov  9 05:21:53`, local time, as syslog daemons write it. */
function syslogTime(at: Date): string {
  const [, month, day] = at.toString().split(" ");
  return `${month} ${String(Number(day)).padStart(2)} ${timeOfDay(at.getTime())}`;
}

/** What writes lines of a form, each with its end. */
export function lineFormat(
  form: "text" | "json" | "journal",
  { hostname, colour }: { readonly hostname: string; readonly colour: boolean },
): (line: LogLine) => string {
  return (line) => {
    if (line.kind === "event") {
      const { record, unsaid } = line;
      if (form === "json") return jsonLine(record, unsaid);
      // Who reads it adds the time.
      if (form === "journal") return `<${priorityOf(line)}>${eventText(record, unsaid)}\n`;
      return textLine(record, unsaid, colour);
    }
    const { at, part, text } = line;
    if (form === "json") return `${JSON.stringify({ time: at.toISOString(), part, text })}\n`;
    const tagged = `${programOf(line)}[${process.pid}]: ${text}\n`;
    return form === "journal" ? `<${priorityOf(line)}>${tagged}` : `${syslogTime(at)} ${hostname} ${tagged}`;
  };
}

/** What it is called in a syslog: `weir`, `weir/smtp`. */
export function programOf(line: LogLine): string {
  return line.kind === "message" ? `weir/${line.part}` : "weir";
}
