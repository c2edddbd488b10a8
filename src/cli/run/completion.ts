/** `weir completion SHELL`, and `weir complete`, which its script asks. */
import { isOn, listOf, textOf } from "../arguments/value.ts";
import { CommandFault } from "../exit-code.ts";
import type { Run } from "../cmdlet.ts";
import { completeWords } from "../completion/complete-words.ts";
import { lookUpAmong } from "../completion/look-up.ts";
import { completionScripts, isCompletedShell } from "../completion/scripts.ts";

export const completion: Run = (args, { output }) => {
  const shell = textOf(args, "Shell") ?? "";
  if (!isCompletedShell(shell)) throw new CommandFault(`no completion for ${shell}`, 2);
  output.write(completionScripts[shell]);
  return Promise.resolve(0);
};

export const complete: Run = async (args, { output, allCmdlets }) => {
  const cmdlets = await allCmdlets();
  const words = [...(listOf(args, "Words") ?? []), ...(isOn(args, "Next") ? [""] : [])];
  const found = await completeWords(words, cmdlets, lookUpAmong(cmdlets));
  if (found.length > 0) output.write(`${found.join("\n")}\n`);
  return 0;
};
