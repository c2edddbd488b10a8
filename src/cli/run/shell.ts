/** `weir shell`: many commands in one process, on a terminal, from stdin or from -Command. */
import { createInterface } from "node:readline";
import { isOn, textOf } from "../arguments/value.ts";
import type { Run } from "../cmdlet.ts";
import { lookUpAmong } from "../completion/look-up.ts";
import { historyFile, readHistory } from "../shell/history.ts";
import type { PipeContext } from "../shell/run-pipe.ts";
import { runScript } from "../shell/run-script.ts";
import { runTerminal, type Terminal } from "../shell/run-terminal.ts";

export const shell: Run = async (args, { output, config, allCmdlets, runCommand }) => {
  const cmdlets = await allCmdlets();
  const command = textOf(args, "Command");
  const context: PipeContext = {
    output,
    cmdlets,
    runCommand(words, to) {
      // A shell in the shell would read what is meant for the first.
      if (!/^shell$/i.test(words[0] ?? "")) return runCommand(words, to);
      to.complain("weir: this is weir shell already; exit leaves it\n");
      return Promise.resolve(2);
    },
  };
  const script = { stopOnError: isOn(args, "StopOnError") };
  if (command !== undefined) return runScript(linesOf(command), context, script);
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY)
    return runScript(createInterface({ input: stdin, crlfDelay: Infinity }), context, script);
  const terminal: Terminal = {
    input: stdin,
    output: stdout,
    onInterrupt(listener) {
      process.on("SIGINT", listener);
      return () => process.removeListener("SIGINT", listener);
    },
  };
  output.write(
    "Commands as in Exchange's shell, also in pipes: | fl, | ft A,B, | where, | select, | Export-Csv FILE.\n",
  );
  output.write("help lists them, Tab completes, exit leaves.\n");
  const file = historyFile(process.env, process.platform);
  const lookUp = lookUpAmong(cmdlets);
  const ofRelay = config === undefined ? [] : ["--config", config];
  return runTerminal(context, {
    terminal,
    lookUp: (candidates, words) => lookUp(candidates, [...words, ...ofRelay]),
    historyFile: file,
    history: await readHistory(file),
  });
};

async function* linesOf(text: string): AsyncIterable<string> {
  yield* text.split(/\r?\n/);
}
