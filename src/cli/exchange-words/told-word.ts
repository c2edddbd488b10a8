/** The answer to a cmdlet of Exchange's, for people. */
import type { CmdletAnswer } from "./cmdlet-word.ts";

/** Lines; `words` stand behind the cmdlet. Of an alias: which command it is. */
export function toldWord(typed: string, answer: CmdletAnswer, words: readonly string[]): readonly string[] {
  if ("alias" in answer) return [`${typed} is weir ${answer.alias.join(" ")} here`];
  if ("notNeeded" in answer) return [`${typed} is not needed: ${answer.notNeeded}`];
  if (!("from" in answer)) return [`there is no ${typed} here: ${answer.say}`];
  const [first = "", ...more] = answer.from(words);
  return [`there is no ${typed} here: ${first}`, ...more];
}
