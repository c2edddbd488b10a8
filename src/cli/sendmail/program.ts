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
    write(text) {
      // A reader that leaves (`mailq | head`) has what it wanted.
      if (process.stdout.listenerCount("error") === 0) process.stdout.on("error", () => undefined);
      process.stdout.write(text);
    },
    complain: (text) => void process.stderr.write(text),
  };
  return sendmail(caller);
}
