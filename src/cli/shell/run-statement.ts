/** Runs one statement of `weir shell`: a command, or a pipe of them. */
import { CommandFault, type ExitCode } from "../exit-code.ts";
import { expressionOf, languageWord, withoutProgram, withRedirection } from "./command-words.ts";
import type { Statement } from "./cut-statements.ts";
import { expandedWords, runPipe, withoutServer, type PipeContext } from "./run-pipe.ts";
import { printFlow } from "./stages/printing.ts";

/** Never rejects for what a person typed: it is told, with `weir: ` before it. */
export async function runStatement(statement: Statement, context: PipeContext): Promise<ExitCode> {
  try {
    return await run(withoutServer(withRedirection(statement), context), context);
  } catch (fault) {
    if (!(fault instanceof CommandFault)) throw fault;
    context.output.complain(`weir: ${fault.message}\n`);
    return fault.exitCode;
  }
}

async function run(statement: Statement, context: PipeContext): Promise<ExitCode> {
  const { output } = context;
  const head = withoutProgram(statement[0] ?? []);
  const [first] = head;
  if (first === undefined) return 0;
  const told = languageWord(head);
  if (told !== undefined) throw new CommandFault(told, 2);
  const isExpression = !first.quoted && expressionOf(first.text) !== undefined;
  if (statement.length === 1 && !isExpression) {
    const words = await expandedWords(head, context);
    if (/^(?:echo|write-(?:host|output))$/i.test(words[0] ?? "")) {
      output.write(`${words.slice(1).join(" ")}\n`);
      return 0;
    }
    return context.runCommand(words, output);
  }
  const { flow, code } = await runPipe(statement, context, true);
  if (flow !== undefined) printFlow(flow, output);
  return code;
}
