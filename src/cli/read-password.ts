/** A password from a terminal, without an echo, or from a file or stdin; never from an argument. */
import { createReadStream } from "node:fs";
import { CommandFault } from "./exit-code.ts";

const maxLength = 1024;

/**
 * `from`: a file whose first line is the password, or `-` for stdin; undefined: asked for twice on the terminal. Throws
 * CommandFault when there is none or it cannot be one.
 */
export async function readPassword(from?: string): Promise<string> {
  const password = await given(from);
  if (password === undefined) throw new CommandFault("the two passwords differ");
  if (password === "") throw new CommandFault("no password given");
  if (password.length > maxLength)
    throw new CommandFault(`the password is longer than ${maxLength} characters`);
  return password;
}

async function given(from: string | undefined): Promise<string | undefined> {
  const { stdin } = process;
  if (from === "-") return firstLine(stdin);
  if (from === undefined) {
    // A shell of many commands reads it already, and would keep what is typed in its history.
    if (stdin.isTTY && stdin.listenerCount("keypress") === 0) return askTwice();
    throw new CommandFault(
      "there is no terminal of its own to ask for the password: -PasswordFile FILE, or - for stdin",
      2,
    );
  }
  try {
    return await firstLine(createReadStream(from));
  } catch (fault) {
    const reason = fault instanceof Error ? fault.message : String(fault);
    throw new CommandFault(`the password file cannot be read: ${reason}`);
  }
}

/** Of a file or stdin. */
async function firstLine(input: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  input.setEncoding("utf8");
  for await (const chunk of input) {
    text += String(chunk);
    if (text.includes("\n") || text.length > maxLength + 2) break;
  }
  return text.split(/\r?\n/, 1)[0] ?? "";
}

/** Undefined: what was typed the second time differs. */
async function askTwice(): Promise<string | undefined> {
  const { stdin } = process;
  // Before the prompt, or what is typed at once would be echoed.
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  try {
    const first = await ask("Password: ");
    if (first === "") return "";
    return (await ask("Once more: ")) === first ? first : undefined;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
  }
}

/** Reads one line from a terminal in raw mode. Ctrl-C and Ctrl-D give an empty one. */
function ask(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(prompt);
  return new Promise((resolve) => {
    let typed = "";
    const finish = (answer: string): void => {
      stdin.removeListener("data", take);
      stderr.write("\n");
      resolve(answer);
    };
    const take = (chunk: string | Buffer): void => {
      for (const char of String(chunk)) {
        if (char === "\r" || char === "\n") return finish(typed);
        if (char === "\u0003" || char === "\u0004") return finish("");
        if (char === "\u007f" || char === "\b") typed = typed.replace(/.$/su, "");
        else if (char >= " ") typed += char;
      }
    };
    stdin.on("data", take);
    stdin.resume();
  });
}
