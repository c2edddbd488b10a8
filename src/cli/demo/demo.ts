/**
 * `weir demo`: how an application meets a limit it did not know of, how its administrator finds out which, and how
 * one command helps. Every line comes from a real relay, real connections and the real commands.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isOn } from "../arguments/value.ts";
import { splitWords } from "../arguments/split-words.ts";
import type { Context, Run } from "../cmdlet.ts";
import { CommandFault } from "../exit-code.ts";
import { wrapped } from "../output/display-width.ts";
import type { Output } from "../output/output.ts";
import { converse, sendMessage, type SmtpConversation } from "./application.ts";
import { startDemoRelay, type DemoRelay } from "./demo-relay.ts";

/** What a new connector allows one source. */
const usual = 20;

/** Resolves with 1 when the relay did not behave as the story tells, or it was interrupted. */
export const demo: Run = async (args, { output, runCommand }) => {
  const stage = createStage(output, isOn(args, "Fast"), runCommand);
  const conversations: SmtpConversation[] = [];
  let relay: DemoRelay | undefined;
  const configBefore = process.env["WEIR_CONFIG"];
  try {
    await stage.tell("Starting a relay of its own for this demo …");
    relay = await startDemoRelay(output.signal);
    process.env["WEIR_CONFIG"] = relay.configFile;
    await story(relay, stage, conversations);
    return 0;
  } catch (fault) {
    if (!output.signal.aborted) throw fault;
    output.complain("\ninterrupted\n");
    return 1;
  } finally {
    for (const conversation of conversations) conversation.close();
    if (configBefore === undefined) delete process.env["WEIR_CONFIG"];
    else process.env["WEIR_CONFIG"] = configBefore;
    if (relay !== undefined) {
      await relay.stop();
      output.write(`\nThe relay is stopped, and ${relay.directory} removed.\n`);
    }
  }
};

async function story(relay: DemoRelay, stage: Stage, conversations: SmtpConversation[]): Promise<void> {
  const { port, admin } = relay;
  await stage.title("1. An application relays its mail");
  await stage.tell(
    `Somebody made the receive connector AppRelay on 127.0.0.1:${port} for the Helpdesk, and nobody thought of its limits:`,
  );
  await stage.command(["Get-ReceiveConnector"]);

  await stage.title("2. Two months later: “we are getting error messages when we try to relay”");
  await stage.tell(`The Helpdesk has grown, and opens ${usual + 1} connections at once.`);
  for (let opened = 1; opened <= usual; opened++) {
    const conversation = await converse(port);
    conversations.push(conversation);
    if (opened === 1 || opened === usual)
      stage.line(`connection ${String(opened).padStart(2)}: ${conversation.greeting}`);
    else if (opened === 2) stage.line("  …");
  }
  const refused = await converse(port);
  conversations.push(refused);
  stage.line(`connection ${usual + 1}: ${refused.greeting}`, "bad");
  const reference = /\bref ([0-9A-Z]+)\)/.exec(refused.greeting)?.[1];
  if (reference === undefined)
    throw new CommandFault(`connection ${usual + 1} was not refused: ${refused.greeting}`);
  await stage.pause(2);

  await stage.title("3. Which limit, and who?");
  await stage.tell(
    "The application's log holds that reply, and the word behind “ref” leads straight to the answer:",
  );
  await stage.command(["explain", reference]);
  await stage.tell("The same in Exchange's own words: event 1021, visible at every logging level,");
  await stage.command(["Get-EventLog", "-EventId", "1021"]);
  await stage.tell("and the limits with what is used of them:");
  await stage.command(["Get-LimitUsage", "AppRelay"]);

  await stage.title("4. The limit is raised while the relay runs");
  const { connectors } = await admin.call("explainSource", { source: "127.0.0.1" });
  const advised = connectors.flatMap(({ advice }) => advice)[0]?.command;
  if (advised === undefined) throw new CommandFault("the relay had no advice");
  await stage.command(splitWords(advised));

  await stage.title("5. The application is happy");
  const accepted = await converse(port);
  conversations.push(accepted);
  stage.line(`connection ${usual + 1}: ${accepted.greeting}`, "good");
  const taken = await sendMessage(accepted);
  stage.line(`its message: ${taken}`, "good");
  if (!accepted.greeting.startsWith("220") || !taken.startsWith("250"))
    throw new CommandFault("the raised limit did not help");
  const answers = await Promise.all(
    conversations.slice(0, usual).map((conversation) => conversation.say("NOOP")),
  );
  const alive = answers.filter((answer) => answer.startsWith("250")).length;
  await stage.tell(`And the first ${usual} connections never noticed: ${alive} of ${usual} still answer.`);
  await stage.command(["Get-Connection", "-GroupBy", "Source"]);
}

interface Stage {
  title(text: string): Promise<void>;
  tell(text: string): Promise<void>;
  line(text: string, style?: "good" | "bad"): void;
  /** Runs it as the shell would, and shows it. Rejects when it is not done. */
  command(words: readonly string[]): Promise<void>;
  pause(seconds: number): Promise<void>;
}

function createStage(output: Output, fast: boolean, runCommand: Context["runCommand"]): Stage {
  const { signal } = output;
  const pause = async (seconds: number): Promise<void> => {
    signal.throwIfAborted();
    if (!fast) await sleep(seconds * 1000, undefined, { signal });
  };
  const paragraph = (text: string, indent: string): string =>
    wrapped(text, Math.max(40, Math.min(output.width ?? 110, 110) - indent.length))
      .map((line) => `${indent}${line}\n`)
      .join("");
  return {
    pause,
    async title(text) {
      await pause(1.5);
      output.write(`\n${output.style("heading", text)}\n`);
    },
    async tell(text) {
      output.write(paragraph(text, ""));
      await pause(1);
    },
    line(text, style) {
      output.write(style === undefined ? `  ${text}\n` : `  ${output.style(style, text)}\n`);
    },
    async command(words) {
      output.write(`\n${output.style("changed", `$ weir ${words.map(shellWord).join(" ")}`)}\n`);
      await pause(0.8);
      const code = await runCommand(words, output);
      if (code !== 0) throw new CommandFault(`weir ${words.join(" ")} ended with ${code}`);
      output.write("\n");
      await pause(2);
    },
  };
}

function shellWord(word: string): string {
  return /^[\w.:,=/-]+$/.test(word) ? word : `'${word}'`;
}
