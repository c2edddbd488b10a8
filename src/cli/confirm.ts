/** A question before what cannot be taken back, as Exchange's Confirm asks it. */
import { createInterface } from "node:readline/promises";
import { isOn, type Arguments } from "./arguments/value.ts";
import { CommandFault } from "./exit-code.ts";

/**
 * Resolves when it may be done: with -Confirm:false, -Force or -WhatIf at once, else when somebody at the terminal says
 * yes. Throws CommandFault where nobody does, or there is nobody to ask. `consequence`: a sentence without its full stop.
 */
export async function confirm(args: Arguments, consequence: string): Promise<void> {
  if (args.get("Confirm") === false || isOn(args, "Force") || isOn(args, "WhatIf")) return;
  if (!isTerminalFree())
    throw new CommandFault(`${consequence}. Nothing was changed; -Confirm:false does it without asking`, 2);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${consequence}.\nAre you sure? [Y] Yes  [N] No (default is N): `);
    if (!/^\s*y(?:es)?\s*$/i.test(answer)) throw new CommandFault("Nothing was changed");
  } finally {
    terminal.close();
  }
}

/** False also where somebody reads it already, such as a shell of many commands. */
function isTerminalFree(): boolean {
  const { stdin } = process;
  return stdin.isTTY && stdin.listenerCount("keypress") === 0 && stdin.listenerCount("data") === 0;
}
