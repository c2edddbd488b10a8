/** What a command of the shell writes, kept. */
import type { Output } from "../cli/output/output.ts";

export interface RecordingOutput extends Output {
  readonly out: () => string;
  readonly complaints: () => string;
  /** What `progress` was told. */
  readonly told: () => readonly string[];
  /** Ctrl-C. */
  interrupt(): void;
}

/** `width`: columns of a terminal; without it stdout is a pipe. Styles show as `<style>text</style>` when wanted. */
export function recordingOutput(
  options: { readonly width?: number; readonly styled?: boolean } = {},
): RecordingOutput {
  let out = "";
  let complaints = "";
  const progress: string[] = [];
  const interruption = new AbortController();
  return {
    write: (text) => void (out += text),
    complain: (text) => void (complaints += text),
    octets: (chunk) => {
      out += Buffer.from(chunk).toString("latin1");
      return Promise.resolve();
    },
    progress: (text) => void progress.push(text),
    width: options.width,
    style: (style, text) => (options.styled === true ? `<${style}>${text}</${style}>` : text),
    signal: interruption.signal,
    out: () => out,
    complaints: () => complaints,
    told: () => progress,
    interrupt: () => interruption.abort(),
  };
}
