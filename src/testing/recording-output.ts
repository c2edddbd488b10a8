/** What a command of the shell writes, kept. */
import type { Output } from "../cli/output/output.ts";

export interface RecordingOutput extends Output {
  readonly out: () => string;
  readonly complaints: () => string;
  /** Ctrl-C. */
  interrupt(): void;
}

/** `width`: columns of a terminal; without it stdout is a pipe. Styles show as `<style>text</style>` when wanted. */
export function recordingOutput(
  options: { readonly width?: number; readonly styled?: boolean } = {},
): RecordingOutput {
  let out = "";
  let complaints = "";
  const interruption = new AbortController();
  return {
    write: (text) => void (out += text),
    complain: (text) => void (complaints += text),
    width: options.width,
    style: (style, text) => (options.styled === true ? `<${style}>${text}</${style}>` : text),
    signal: interruption.signal,
    out: () => out,
    complaints: () => complaints,
    interrupt: () => interruption.abort(),
  };
}
