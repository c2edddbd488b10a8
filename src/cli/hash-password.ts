/** `weir hash-password`: a password in, its hash out. The password is never echoed and never an argument. */
import { hashPassword } from "../receive/authentication/password-hash.ts";

const maxLength = 1024;

/** Resolves with 1 when there is no password, or the two that were typed differ. */
export async function hashPasswordCommand(): Promise<number> {
  const { stdin } = process;
  const password = stdin.isTTY ? await askTwice() : await firstLine(stdin);
  if (password === undefined) return refuse("the two passwords differ");
  if (password === "") return refuse("no password given");
  if (password.length > maxLength) return refuse(`the password is longer than ${maxLength} characters`);
  process.stdout.write(`${await hashPassword(password)}\n`);
  return 0;
}

function refuse(reason: string): number {
  process.stderr.write(`weir: ${reason}\n`);
  return 1;
}

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
