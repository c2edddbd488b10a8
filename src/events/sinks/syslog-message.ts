/** A line as RFC 5424 has it. Pure. */
import type { SyslogFacility } from "../../core/policy/log-place.ts";
import { syslogFacilities } from "../../core/policy/log-place.ts";
import { eventText, programOf } from "./line-formats.ts";
import { type LogLine, priorityOf } from "./log-line.ts";

/** RFC 5424 §6.1: every receiver takes 480, should take 2048; what is longer is cut. Octets. */
const mostBytes = 8192;
const mostDatagramBytes = 2048;

export interface SyslogSender {
  readonly facility: SyslogFacility;
  readonly hostname: string;
  readonly pid: number;
}

/** Without a frame. The message id is the event's number. Structured data need a registered number: there are none. */
export function syslogMessage(line: LogLine, { facility, hostname, pid }: SyslogSender): string {
  const value = syslogFacilities[facility] * 8 + priorityOf(line);
  const [at, id, text] =
    line.kind === "event"
      ? [line.record.at, String(line.record.definition.id), eventText(line.record, line.unsaid)]
      : [line.at, "-", line.text];
  return `<${value}>1 ${at.toISOString()} ${printable(hostname, 255)} ${programOf(line)} ${pid} ${id} - ${text}`;
}

/** RFC 5424 §6: PRINTUSASCII. */
function printable(text: string, most: number): string {
  const clean = text.replace(/[^\x21-\x7e]/g, "").slice(0, most);
  return clean === "" ? "-" : clean;
}

/** RFC 5426: one to a datagram. */
export function datagramOf(message: string): Buffer {
  return cut(message, mostDatagramBytes);
}

/** RFC 6587 §3.4.1: its length in front, so that no octet in it can end it. */
export function countedFrame(message: string): Buffer {
  const octets = cut(message, mostBytes);
  return Buffer.concat([Buffer.from(`${octets.length} `), octets]);
}

/** As daemons of this machine read it from a stream. A line holds no line feed. */
export function lineFrame(message: string): Buffer {
  return Buffer.concat([cut(message, mostBytes), Buffer.from("\n")]);
}

/** Never in the middle of a character. */
function cut(text: string, bytes: number): Buffer {
  const octets = Buffer.from(text);
  if (octets.length <= bytes) return octets;
  let end = bytes;
  while (((octets[end] ?? 0) & 0xc0) === 0x80) end--;
  return octets.subarray(0, end);
}
