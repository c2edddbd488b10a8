/** Commands that need no running relay: start, check, init, schema, hash-password, demo. */
import type { Cmdlet } from "../cmdlet.ts";
import { isOn, listOf, textOf } from "../arguments/value.ts";
import * as common from "./common-parameters.ts";

const group = "Running a relay";

export const runningCmdlets: readonly Cmdlet[] = [
  {
    name: "start",
    group,
    synopsis:
      "Start the relay and run until SIGTERM or Ctrl-C; writes a commented weir.yaml if there is none.",
    parameters: [
      {
        name: "LogFormat",
        kind: "choice",
        choices: ["human", "json", "journal"],
        value: "FORMAT",
        help: "The log goes to stderr and looks so, whatever “logging” in weir.yaml says.",
      },
      {
        name: "CreateConfig",
        kind: "switch",
        help: "Write the file that -Config or WEIR_CONFIG names where there is none, with what WEIR_HOSTNAME, WEIR_SMART_HOSTS and their like say.",
      },
      common.config,
      common.help,
    ],
    examples: [
      { command: "weir start", text: "With ./weir.yaml." },
      { command: "weir start --config /etc/weir/weir.yaml --log-format json", text: "As a service." },
    ],
    load: async () => {
      const { startCommand } = await import("../start.ts");
      return async (args, { config }) => {
        const logFormat = textOf(args, "LogFormat") as "human" | "json" | "journal" | undefined;
        return exitCode(await startCommand({ config, logFormat, createConfig: isOn(args, "CreateConfig") }));
      };
    },
  },
  {
    name: "check",
    group,
    synopsis: "Tell what is wrong with weir.yaml, with lines and suggestions; exit code 1 when something is.",
    parameters: [
      { name: "Json", kind: "switch", help: "Print one JSON object." },
      common.config,
      common.help,
    ],
    examples: [
      { command: "weir check", text: "" },
      { command: "weir check --config /etc/weir.yaml --json", text: "For scripts." },
    ],
    load: async () => {
      const { checkCommand } = await import("../check.ts");
      return async (args, { config }) => exitCode(await checkCommand({ config, json: isOn(args, "Json") }));
    },
  },
  {
    name: "init",
    group,
    synopsis: "Write the commented weir.yaml without starting; never overwrites one.",
    parameters: [common.config, common.help],
    examples: [{ command: "weir init", text: "" }],
    load: async () => {
      const { initCommand } = await import("../init.ts");
      return async (_, { config }) => exitCode(await initCommand({ config }));
    },
  },
  {
    name: "demo",
    group,
    synopsis: "See in half a minute how an application meets a limit, and how it is found and raised.",
    description: [
      "Starts a relay of its own on free ports with a temporary data directory, and cleans everything up. Nothing is staged: the connections, replies, events and commands are real.",
    ],
    parameters: [{ name: "Fast", kind: "switch", help: "Without pauses for reading." }, common.help],
    examples: [{ command: "weir demo", text: "" }],
    interruptible: true,
    load: async () => (await import("../demo/demo.ts")).demo,
  },
  {
    name: "sendmail",
    group,
    synopsis:
      "Hand a message on stdin to the relay, as sendmail(8) does; with links also mailq and newaliases.",
    description: [
      "It speaks SMTP to the relay, whose limits and rights hold: WEIR_SMTP=host:port, else the bindings of WEIR_CONFIG or /etc/weir/weir.yaml, else 127.0.0.1:25. Where none answers the message goes into the Replay directory (WEIR_REPLAY, or transport.replayDirectoryPath). All recipients get it, or none.",
      "Exit codes of sysexits.h: 0 taken, 64 wrong usage, 65 the message is refused, 67 no such recipient, 69 refused, 75 try again later, 77 not allowed.",
      "-t takes recipients from To, Cc and Bcc, and those named. -i: a line of a single dot is no end. -f ADDRESS the sender, -F NAME its name. -N, -R, -V delivery reports. -bp the queue, -bs SMTP on stdin and stdout. -v shows the conversation. What concerns a daemon is taken and ignored.",
    ],
    parameters: [
      {
        name: "Words",
        kind: "words",
        position: "rest",
        value: "OPTIONS RECIPIENTS",
        help: "Those of sendmail(8).",
      },
      common.help,
    ],
    examples: [
      {
        command: "weir sendmail someone@example.net < message.eml",
        text: "To one recipient, whatever the header says.",
      },
    ],
    load: async () => {
      const { main } = await import("../sendmail/program.ts");
      return async (args) => ((await main("sendmail", listOf(args, "Words") ?? [], true)) === 0 ? 0 : 1);
    },
  },
  {
    name: "hash-password",
    group,
    synopsis: "Read a password (asked for, or the first line of stdin) and print its hash for weir.yaml.",
    parameters: [common.help],
    examples: [{ command: "weir hash-password < password.txt", text: "For “users” in weir.yaml." }],
    load: async () => {
      const { hashPasswordCommand } = await import("../hash-password.ts");
      return async () => exitCode(await hashPasswordCommand());
    },
  },
  {
    name: "schema",
    group,
    synopsis: "Print the JSON Schema of weir.yaml, for editors.",
    parameters: [common.help],
    examples: [{ command: "weir schema > weir.schema.json", text: "" }],
    load: async () => {
      const { schemaCommand } = await import("../schema.ts");
      return async () => exitCode(await schemaCommand());
    },
  },
];

function exitCode(code: number): 0 | 1 {
  return code === 0 ? 0 : 1;
}
