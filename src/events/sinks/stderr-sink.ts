/** Writes the log to standard error: one line each, for people, for journald or as JSON. */
import { fstatSync, write as writeFile } from "node:fs";
import { isatty } from "node:tty";
import type { LogFormat } from "../../core/policy/log-place.ts";
import { createGathered } from "./gathered.ts";
import { lineFormat } from "./line-formats.ts";
import type { LogLine } from "./log-line.ts";

/** Where lines of the log go. */
export interface LineSink {
  /** Never throws, never waits. Cost: rendering one line. */
  write(line: LogLine): void;
  /** Hands over what is buffered; resolves when it is written, or cannot be. */
  flush(): Promise<void>;
  /** What is buffered is tried once more. */
  close(): Promise<void>;
}

export interface StderrSinkOptions {
  readonly format: "text" | "json" | "journal";
  readonly hostname: string;
  /** Takes text and says when it took it, also when it could not. Default: standard error. */
  readonly write?: (text: string, done: () => void) => void;
  /** Default: on a terminal, unless NO_COLOR is set. */
  readonly colour?: boolean;
}

const standardError = 2;

/** A reader that is slow is waited for without holding up anybody. */
export function createStderrSink(options: StderrSinkOptions): LineSink {
  const { format, hostname, write = writeStderr } = options;
  const colour = options.colour ?? (isatty(standardError) && process.env["NO_COLOR"] === undefined);
  const formatted = lineFormat(format, { hostname, colour });
  const gathered = createGathered<string>((lines, dropped, done) => {
    const lost = dropped === 0 ? "" : `${dropped} lines were dropped: the log is too slow\n`;
    write(lines.join("") + lost, done);
  });
  return {
    write(line) {
      const text = formatted(line);
      gathered.add(text, text.length);
    },
    flush: () => gathered.flush(),
    close: () => gathered.flush(),
  };
}

/** What `auto` means: journald says which file it gave us (systemd.exec(5), JOURNAL_STREAM). */
export function formatFor(
  format: LogFormat,
  journalStream = process.env["JOURNAL_STREAM"],
  ofStandardError: () => { readonly dev: number; readonly ino: number } = () => fstatSync(standardError),
): StderrSinkOptions["format"] {
  if (format !== "auto") return format;
  if (journalStream === undefined) return "text";
  try {
    const { dev, ino } = ofStandardError();
    return journalStream === `${dev}:${ino}` ? "journal" : "text";
  } catch {
    return "text";
  }
}

const fullPipeDelayMs = 10;

/** process.stderr blocks the process while a pipe is full; this waits on the thread pool instead. */
export function writeStderr(text: string, done: () => void): void {
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
