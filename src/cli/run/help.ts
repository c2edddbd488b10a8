/** `weir help [COMMAND]`: one command, those whose names fit a pattern or hold a word, or else say it, or a word of Exchange's. */
import { textOf } from "../arguments/value.ts";
import { findName } from "../arguments/find-name.ts";
import type { Cmdlet, Run } from "../cmdlet.ts";
import { cmdletWordFor } from "../exchange-words/cmdlets.ts";
import { toldWord } from "../exchange-words/told-word.ts";
import { unknownCommand } from "../help/unknown-command.ts";
import { cmdletHelp } from "../help/cmdlet-help.ts";
import { commandList, overview } from "../help/overview.ts";
import { wildcard } from "../wildcard.ts";

/** Whoever looks for what they want to know has no name for it yet. */
function says({ synopsis, examples }: Cmdlet, wanted: string): boolean {
  const words = [synopsis, ...examples.map(({ text }) => text)]
    .join(" ")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  const asked = wanted.toLowerCase();
  return words.some((word) => word === asked || word === `${asked}s`);
}

export const help: Run = async (args, context) => {
  const { output, allCmdlets } = context;
  const cmdlets = await allCmdlets();
  const wanted = textOf(args, "Command");
  if (wanted === undefined) {
    output.write(overview(cmdlets, output));
    return 0;
  }
  const found = findName(wanted, cmdlets, { exactly: true });
  if (found.kind === "found") {
    output.write(cmdletHelp(found.item, output));
    return 0;
  }
  const answer = cmdletWordFor(wanted);
  if (answer !== undefined) {
    output.write(`${toldWord(wanted, answer, []).join("\n")}\n`);
    return "alias" in answer ? context.runCommand(["help", answer.alias[0]], output) : 0;
  }
  const fits = wildcard(wanted) ?? ((name: string) => name.toLowerCase().includes(wanted.toLowerCase()));
  const shown = cmdlets.filter(({ hidden }) => hidden !== true);
  const named = shown.filter(({ name }) => fits(name));
  const some = named.length > 0 ? named : shown.filter((cmdlet) => says(cmdlet, wanted));
  if (some.length > 0) {
    output.write(`${commandList(some, output).join("\n")}\n`);
    return 0;
  }
  output.complain(unknownCommand(wanted, found));
  return 2;
};
