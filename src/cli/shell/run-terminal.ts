/**
 * `weir shell` on a terminal. The terminal belongs to readline while a line is typed and to the command while one
 * runs, so that a command may ask for a password and Ctrl-C ends it: each prompt has an interface of its own.
 */
import { createInterface } from "node:readline/promises";
import type { LookUp } from "../completion/complete-words.ts";
import type { ExitCode } from "../exit-code.ts";
import { completeLine } from "./complete-line.ts";
import { keepLine, mayBeKept } from "./history.ts";
import { exitOf } from "./leaving.ts";
import { createLineGatherer } from "./reading-lines.ts";
import type { PipeContext } from "./run-pipe.ts";
import { runStatement } from "./run-statement.ts";

export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  /** Called on each Ctrl-C while a command runs, until it is taken back. */
  onInterrupt(listener: () => void): () => void;
}

export interface TerminalOptions {
  readonly terminal: Terminal;
  readonly lookUp: LookUp;
  readonly historyFile: string;
  /** Newest first. */
  readonly history: readonly string[];
}

/** Until `exit` or Ctrl-D; resolves with what `exit` says. */
export async function runTerminal(context: PipeContext, options: TerminalOptions): Promise<ExitCode> {
  const gatherer = createLineGatherer();
  const history = [...options.history];
  const waiting: string[] = [];
  let typed = "";
  for (;;) {
    if (waiting.length === 0) {
      const read = await readLines(
        gatherer.open === undefined ? "weir> " : ">> ",
        typed,
        history,
        context,
        options,
      );
      if (read.kind === "end") {
        options.terminal.output.write("\n");
        return 0;
      }
      typed = read.rest;
      if (read.kind === "interrupted") gatherer.clear();
      waiting.push(...read.lines);
      continue;
    }
    const gathered = gatherer.add(waiting.shift() ?? "");
    if (gathered.kind === "open") continue;
    if (gathered.kind === "fault") {
      context.output.complain(`weir: ${gathered.message}\n`);
      continue;
    }
    const line = gathered.text.replaceAll(/\s*\n\s*/g, " ");
    if (mayBeKept(line) && history[0] !== line) {
      history.unshift(line);
      await keepLine(options.historyFile, line);
    }
    for (const statement of gathered.statements) {
      const leaving = exitOf(statement);
      if (leaving !== undefined) return leaving;
      if (/^(?:clear|cls|clear-host)$/i.test(statement[0]?.[0]?.text ?? ""))
        options.terminal.output.write("\u001b[2J\u001b[H");
      else if (!(await interruptibly(statement, context, options.terminal))) break;
    }
  }
}

/** False: Ctrl-C ended it. What it still says afterwards is not shown. */
async function interruptibly(
  statement: Parameters<typeof runStatement>[0],
  context: PipeContext,
  terminal: Terminal,
): Promise<boolean> {
  const interruption = new AbortController();
  const { signal } = interruption;
  const takeBack = terminal.onInterrupt(() => interruption.abort());
  const { output } = context;
  const whileRunning = {
    ...output,
    signal,
    write: (text: string) => void (signal.aborted || output.write(text)),
    complain: (text: string) => void (signal.aborted || output.complain(text)),
    progress: (text: string) => void (signal.aborted || output.progress(text)),
  };
  try {
    const interrupted = new Promise<"interrupted">((resolve) =>
      signal.addEventListener("abort", () => resolve("interrupted"), { once: true }),
    );
    const ended = runStatement(statement, { ...context, output: whileRunning });
    ended.catch(() => undefined);
    if ((await Promise.race([ended, interrupted])) !== "interrupted") return true;
    terminal.output.write("\n");
    return false;
  } finally {
    takeBack();
  }
}

interface ReadLines {
  readonly kind: "lines" | "interrupted" | "end";
  readonly lines: readonly string[];
  /** What was typed of the next line already. */
  readonly rest: string;
}

function readLines(
  prompt: string,
  typed: string,
  history: readonly string[],
  context: PipeContext,
  { terminal, lookUp }: TerminalOptions,
): Promise<ReadLines> {
  return new Promise((resolve) => {
    const lines: string[] = [];
    const reader = createInterface({
      input: terminal.input,
      output: terminal.output,
      terminal: true,
      // readline changes its own.
      history: [...history],
      historySize: 1000,
      removeHistoryDuplicates: true,
      prompt,
      completer: async (line: string): Promise<[string[], string]> => {
        const [found, last] = await completeLine(line, context.cmdlets, lookUp);
        return [[...found], last];
      },
    });
    let interrupted = false;
    let ends = false;
    // What was pasted comes as several lines at once.
    const endSoon = (): void => {
      if (ends) return;
      ends = true;
      setImmediate(() => {
        // Resolved first: what "close" says then is not heard.
        resolve({ kind: interrupted ? "interrupted" : "lines", lines, rest: reader.line });
        reader.close();
      });
    };
    reader.on("line", (line) => {
      lines.push(line);
      endSoon();
    });
    reader.on("SIGINT", () => {
      terminal.output.write("^C\n");
      interrupted = true;
      lines.length = 0;
      reader.write(null, { ctrl: true, name: "e" });
      reader.write(null, { ctrl: true, name: "u" });
      endSoon();
    });
    reader.on("close", () => resolve({ kind: "end", lines, rest: "" }));
    reader.prompt();
    if (typed !== "") reader.write(typed);
  });
}
