/** `weir help [COMMAND]`. */
import { textOf } from "../arguments/value.ts";
import { findName } from "../arguments/find-name.ts";
import type { Run } from "../cmdlet.ts";
import { unknownCommand } from "../help/unknown-command.ts";
import { cmdletHelp } from "../help/cmdlet-help.ts";
import { overview } from "../help/overview.ts";

export const help: Run = (args, { output, cmdlets }) => {
  const wanted = textOf(args, "Command");
  if (wanted === undefined) {
    output.write(overview(cmdlets, output));
    return Promise.resolve(0);
  }
  const found = findName(wanted, cmdlets, { exactly: true });
  if (found.kind !== "found") {
    output.complain(unknownCommand(wanted, found));
    return Promise.resolve(2);
  }
  output.write(cmdletHelp(found.item, output));
  return Promise.resolve(0);
};
