/** What bin/weir.js runs where it is called sendmail, or `weir sendmail`. */
import { sendmail, type Caller } from "./sendmail.ts";

export { nameSources } from "../../ports/source-positions.ts";

/** Resolves with the exit code. */
export function main(name: string, words: readonly string[], looksHere: boolean): Promise<number> {
  const caller: Caller = {
    name,
    words,
    looksHere,
    env: process.env,
    input: () => process.stdin,
    write: (text) => void process.stdout.write(text),
    complain: (text) => void process.stderr.write(text),
  };
  return sendmail(caller);
}
