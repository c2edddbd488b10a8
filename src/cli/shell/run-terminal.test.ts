import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import { recordingOutput } from "../../testing/recording-output.ts";
import type { Output } from "../output/output.ts";
import { historyFile, mayBeKept, readHistory } from "./history.ts";
import { runTerminal } from "./run-terminal.ts";

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "weir-terminal-"));
  file = join(directory, "weir", "history");
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Sitting {
  readonly type: (keys: string) => void;
  readonly ended: Promise<number>;
  readonly ran: string[];
  readonly interrupt: () => void;
  readonly said: () => string;
}

/** `Wait` goes on until it is interrupted. */
async function sit(): Promise<Sitting> {
  const input = new PassThrough();
  const screen = new PassThrough();
  screen.resume();
  const output = recordingOutput();
  const ran: string[] = [];
  let interrupt: () => void = () => undefined;
  const runCommand = async (words: readonly string[], to: Output) => {
    ran.push(words.join(" "));
    if (words[0] === "Wait") await new Promise((resolve) => to.signal.addEventListener("abort", resolve));
    to.write(`did ${words.join(" ")}\n`);
    return 0 as const;
  };
  const ended = runTerminal(
    { output, cmdlets: [], runCommand },
    {
      terminal: {
        input,
        output: screen,
        onInterrupt(listener) {
          interrupt = listener;
          return () => (interrupt = () => undefined);
        },
      },
      lookUp: () => Promise.resolve([]),
      historyFile: file,
      history: await readHistory(file),
    },
  );
  return {
    type: (keys) => void input.write(keys),
    ended,
    ran,
    interrupt: () => interrupt(),
    said: output.out,
  };
}

it("runs what is typed and pasted, line by line, and ends with exit", async () => {
  const { type, ended, ran } = await sit();
  type("one 'a b'\rtwo |\rfl\rGet-X @{Add='a'\r}\rthr");
  await expect.poll(() => ran).toEqual(["one a b", "two", "Get-X @{Add='a'\n}"]);
  type("ee\r");
  await expect.poll(() => ran.at(-1)).toBe("three");
  type("exit 3\r");
  expect(await ended).toBe(3);
});

it("Ctrl-C ends the command or takes back the line, Ctrl-D the shell", async () => {
  const { type, ended, ran, interrupt, said } = await sit();
  type("Wait\r");
  await expect.poll(() => ran).toEqual(["Wait"]);
  interrupt();
  type("two {\r");
  type("\u0003");
  type("three\r");
  await expect.poll(() => ran).toEqual(["Wait", "three"]);
  expect(said()).toBe("did three\n");
  type("\u0004");
  expect(await ended).toBe(0);
});

it("remembers lines for the next time, readable by nobody else, and no password", async () => {
  const first = await sit();
  first.type("one\rNew-User x -Password geheim\rtwo {\ra}\rtwo {\ra}\rexit\r");
  await first.ended;
  expect(await readFile(file, "utf8")).toBe("one\ntwo { a}\nexit\n");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const second = await sit();
  second.type("\u001b[A\u001b[A\u001b[A\r");
  await expect.poll(() => second.ran).toEqual(["one"]);
  second.type("exit\r");
  await second.ended;
});

it.each([
  ["Get-Queue", true],
  ["", false],
  ["Set-SendConnector Out -AuthenticationCredential @{UserName='a'}", false],
  ["Set-X -ClientSecret y", false],
  ["New-X -pwd y", false],
])("%s may be kept: %s", (line, kept) => {
  expect(mayBeKept(line)).toBe(kept);
});

it("has its place in the user's state directory", () => {
  expect(historyFile({ HOME: "/home/a" }, "linux")).toBe("/home/a/.local/state/weir/history");
  expect(historyFile({ HOME: "/home/a", XDG_STATE_HOME: "/state" }, "linux")).toBe("/state/weir/history");
  expect(historyFile({ LOCALAPPDATA: "/appdata" }, "win32")).toBe("/appdata/weir/history");
});
