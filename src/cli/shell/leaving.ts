import type { ExitCode } from "../exit-code.ts";
import type { Statement } from "./cut-statements.ts";

/** `exit`, `exit 1`, `quit`; undefined: the statement is another. */
export function exitOf(statement: Statement): ExitCode | undefined {
  const [command, more] = statement;
  const [first, code] = command ?? [];
  if (more !== undefined || first === undefined || !/^(?:exit|quit|logout)$/i.test(first.text))
    return undefined;
  const number = Number(code?.text ?? 0);
  return number === 0 ? 0 : number === 2 || number === 3 ? number : 1;
}
