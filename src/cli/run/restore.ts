/** `weir restore`: a backup's data into an empty directory, and the configuration where there is none. */
import { isOn, textOf } from "../arguments/value.ts";
import type { Run } from "../cmdlet.ts";
import { counted } from "../../core/units/counted.ts";
import { CommandFault } from "../exit-code.ts";
import { writeJson } from "../output/output.ts";

export const restore: Run = async (args, { output, config }) => {
  const { restoreInto } = await import("../restore-into.ts");
  const release = isOn(args, "Release");
  const outcome = await restoreInto(textOf(args, "Directory") ?? "", {
    config,
    release,
    force: isOn(args, "Force"),
    withConfiguration: isOn(args, "WithConfiguration"),
    output,
  }).finally(() => output.progress(""));
  const { folder, takenAt, dataDirectory, configuration, written, messages, held, heldBefore } = outcome;
  const { damaged, spoilt } = outcome;
  if (isOn(args, "Json")) {
    writeJson(output, outcome);
    return damaged.length + spoilt.length === 0 ? 0 : 1;
  }
  const lines = [
    `${dataDirectory}: restored from ${folder}, made at ${takenAt}; ${counted(messages, "message")} read`,
    ...written.map((file) => `written: ${file}`),
    ...(written.includes(configuration) ? [] : [`left as it was: ${configuration}`]),
    ...(heldBefore === 0
      ? []
      : [`${counted(heldBefore, "message was", "messages were")} suspended when the backup was made`]),
    ...(held === 0
      ? []
      : [
          `${counted(held, "message is", "messages are")} held back, for they may have been delivered since. When the relay runs:`,
          `  weir Get-Message -Filter "Status -eq 'Suspended'"      shows them`,
          `  weir Resume-Message -Filter "Status -eq 'Suspended'"   delivers them; what was delivered since comes twice`,
          `  weir Remove-Message -Filter "Status -eq 'Suspended'" -WithNDR false -Confirm:false   drops them, and tells nobody`,
        ]),
  ];
  output.write(`${lines.join("\n")}\n`);
  for (const what of spoilt) output.complain(`weir: the backup was not whole: ${what}\n`);
  if (damaged.length === 0) return spoilt.length === 0 ? 0 : 1;
  throw new CommandFault(
    `${counted(damaged.length, "message")} of the backup cannot be read; the relay sets them aside: ${damaged
      .slice(0, 20)
      .map(({ id, what }) => `${id} (${what})`)
      .join(", ")}`,
  );
};
