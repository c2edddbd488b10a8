/** `weir shell < FILE`: line by line, without a terminal; what is wrong is told with its line. */
import type { ExitCode } from "../exit-code.ts";
import type { Output } from "../output/output.ts";
import { exitOf } from "./leaving.ts";
import { createLineGatherer } from "./reading-lines.ts";
import type { PipeContext } from "./run-pipe.ts";
import { runStatement } from "./run-statement.ts";

/** Resolves with the exit code of the first statement that was not done, or with what `exit` says. */
export async function runScript(
  lines: AsyncIterable<string>,
  context: PipeContext,
  { stopOnError }: { readonly stopOnError: boolean },
): Promise<ExitCode> {
  const gatherer = createLineGatherer();
  let code: ExitCode = 0;
  for await (const line of lines) {
    const gathered = gatherer.add(line);
    if (gathered.kind === "open") continue;
    const output = telling(context.output, gathered.line);
    if (gathered.kind === "fault") {
      output.complain(`weir: ${gathered.message}\n`);
      code ||= 2;
    } else {
      for (const statement of gathered.statements) {
        const leaving = exitOf(statement);
        if (leaving !== undefined) return leaving === 0 ? code : leaving;
        const ended = await runStatement(statement, { ...context, output });
        if (code === 0) code = ended;
        if (context.output.signal.aborted || (stopOnError && code !== 0)) return code;
      }
    }
    if (stopOnError && code !== 0) return code;
  }
  if (gatherer.open === undefined) return code;
  const { waitsFor, line } = gatherer.open;
  context.output.complain(`weir: line ${line}: the file ends before ${waitsFor}\n`);
  return code === 0 ? 2 : code;
}

function telling(output: Output, line: number): Output {
  return {
    ...output,
    complain: (text) => output.complain(text.replace(/^weir: /, `weir: line ${line}: `)),
  };
}
