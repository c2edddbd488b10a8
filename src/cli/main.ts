/** The program `weir`: one table of commands, each loaded when it is called, so that every answer is quick. */
import { bindArguments } from "./arguments/bind-arguments.ts";
import { findName, isNamed } from "./arguments/find-name.ts";
import { isOn, textOf } from "./arguments/value.ts";
import { server as oneServer } from "./cmdlets/common-parameters.ts";
import { cmdletFiles } from "./cmdlets/cmdlet-files.ts";
import type { Cmdlet } from "./cmdlet.ts";
import type { CmdletAnswer } from "./exchange-words/cmdlet-word.ts";
import type { ExitCode } from "./exit-code.ts";
import { processOutput, type Output } from "./output/output.ts";

export type { ExitCode } from "./exit-code.ts";

/** What holds where the words do not say otherwise; `weir shell` gives its own to the commands in it. */
interface Defaults {
  readonly config?: string | undefined;
}

/**
 * Runs the program with its arguments, without interpreter and script, and resolves with the exit code. Output
 * goes to stdout, complaints to stderr; never rejects.
 */
export async function main(
  argv: readonly string[],
  output: Output = processOutput(),
  defaults: Defaults = {},
): Promise<ExitCode> {
  const [command, ...words] = argv;
  if (command === undefined) {
    await printOverview({ ...output, write: (text) => output.complain(text) });
    return 2;
  }
  if (["--help", "-h", "-?", "-help", "/?"].includes(command.toLowerCase())) {
    await printOverview(output);
    return 0;
  }
  if (["--version", "-v"].includes(command.toLowerCase())) {
    const { version } = await import("../version.ts");
    output.write(`${version}\n`);
    return 0;
  }
  const ofFile = cmdletFiles.find(({ names }) => names.some((name) => isNamed(name, command)));
  const found = findName(command, await (ofFile?.load ?? allCmdlets)(), { exactly: true });
  if (found.kind === "found") return runCmdlet(found.item, words, output, defaults);
  const { cmdletWordFor } = await import("./exchange-words/cmdlets.ts");
  const answer = cmdletWordFor(command);
  if (answer !== undefined) return runWord(command, answer, words, output, defaults);
  const { unknownCommand } = await import("./help/unknown-command.ts");
  output.complain(unknownCommand(command, found));
  return 2;
}

async function allCmdlets(): Promise<readonly Cmdlet[]> {
  return (await import("./cmdlets/all.ts")).cmdlets;
}

/** A cmdlet of Exchange's that is called otherwise here, or is not here. */
async function runWord(
  typed: string,
  answer: CmdletAnswer,
  words: readonly string[],
  output: Output,
  defaults: Defaults,
): Promise<ExitCode> {
  const { toldWord } = await import("./exchange-words/told-word.ts");
  const [first = "", ...more] = toldWord(typed, answer, words);
  const isRun = "alias" in answer;
  if (!isRun || answer.alias[0] !== "help")
    output.complain(`${[`${isRun ? "note" : "weir"}: ${first}`, ...more].join("\n")}\n`);
  if (isRun) return main([...answer.alias, ...words], output, defaults);
  return "notNeeded" in answer ? 0 : 2;
}

async function runCmdlet(
  cmdlet: Cmdlet,
  words: readonly string[],
  output: Output,
  defaults: Defaults,
): Promise<ExitCode> {
  if (asksForHelp(words)) {
    const { cmdletHelp } = await import("./help/cmdlet-help.ts");
    output.write(cmdletHelp(cmdlet, output));
    return 0;
  }
  const bound = bindArguments(cmdlet, words);
  if (!bound.ok) {
    for (const fault of bound.faults) output.complain(`weir: ${fault}\n`);
    if (bound.told) return 2;
    const { usage } = await import("./help/cmdlet-help.ts");
    output.complain(`usage: ${usage(cmdlet)}\nweir help ${cmdlet.name} explains it with examples\n`);
    return 2;
  }
  const { args, notes } = bound;
  for (const note of notes) output.complain(`note: ${note}\n`);
  const config = textOf(args, "Config") ?? defaults.config;
  try {
    const run = await cmdlet.load();
    return await interruptibly(cmdlet, output, (interruptible) =>
      run(args, {
        output: interruptible,
        config,
        server: cmdlet.parameters.includes(oneServer) ? textOf(args, "Server") : undefined,
        complain: (text) => interruptible.complain(text),
        allCmdlets,
        runCommand: (others, to) => main(others, to, { config }),
      }),
    );
  } catch (fault) {
    // `weir Export-Message … | head`: the reader has what it wanted.
    if ((fault as { code?: unknown }).code === "EPIPE") return 0;
    const { reportFault } = await import("./report-fault.ts");
    const parameters = cmdlet.parameters.map(({ name }) => name);
    return reportFault(fault, output, { json: isOn(args, "Json"), config, parameters });
  }
}

/** The first Ctrl-C, and a reader of stdout that has gone, end such a command in good order; a second Ctrl-C at once. */
async function interruptibly(
  { interruptible }: Cmdlet,
  output: Output,
  run: (output: Output) => Promise<ExitCode>,
): Promise<ExitCode> {
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  // Without a listener `weir Get-EventLog | head` would end in a stack trace.
  process.stdout.on("error", interrupt);
  if (interruptible === true) process.once("SIGINT", interrupt);
  try {
    const signal = AbortSignal.any([interruption.signal, output.signal]);
    return await run(interruptible === true ? { ...output, signal } : output);
  } finally {
    process.removeListener("SIGINT", interrupt);
    process.stdout.removeListener("error", interrupt);
  }
}

/** Also beside parameters that are wrong; behind `--` it is a value. */
function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  const named = end < 0 ? words : words.slice(0, end);
  return named.some((word) => ["-?", "-h", "-help", "--help"].includes(word.toLowerCase()));
}

async function printOverview(output: Output): Promise<void> {
  const { overview } = await import("./help/overview.ts");
  output.write(overview(await allCmdlets(), output));
}
