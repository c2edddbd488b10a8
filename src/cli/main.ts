/** The program `weir`: one file per command, loaded when it is called, so that `--help` is quick. */
import { Command, CommanderError, Option } from "commander";
import { version } from "../version.ts";

/** 0 done, 1 refused with the reason, 2 wrong usage, 3 no relay to talk to. */
export type ExitCode = 0 | 1 | 2 | 3;

const examples = `
Examples:
  weir start                          start the relay; writes a commented weir.yaml if there is none
  weir check                          tell what is wrong with weir.yaml, with lines and suggestions
  weir check --config /etc/weir.yaml --json
  weir hash-password < password.txt   make the hash of a password for "users" in weir.yaml
  weir init                           write the commented weir.yaml without starting
  weir schema > weir.schema.json      completion of weir.yaml in an editor

The configuration file is --config FILE, else the environment variable WEIR_CONFIG, else ./weir.yaml.
Exit codes: 0 done, 1 refused with the reason, 2 wrong usage, 3 no relay to talk to.`;

/**
 * Runs the program with its arguments, without interpreter and script, and resolves with the exit code. Output
 * goes to stdout, complaints to stderr; never rejects.
 */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const run =
    <Arguments extends unknown[]>(command: (...args: Arguments) => Promise<number>) =>
    async (...args: Arguments): Promise<void> => {
      exitCode = await command(...args);
    };
  const program = new Command("weir")
    .description("Weir takes mail from applications, keeps it safe, carries it on, and explains every limit.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help, or that of a command")
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText("after", examples);
  const configOption = (): Option => new Option("-c, --config <file>", "the configuration file");

  program
    .command("start")
    .description("start the relay and run until SIGTERM or Ctrl-C")
    .addOption(configOption())
    .addOption(
      new Option("--log-format <format>", "how the log on stderr looks")
        .choices(["human", "json"])
        .default("human"),
    )
    .action(
      run(async (options: { config?: string; logFormat: "human" | "json" }) => {
        const { startCommand } = await import("./start.ts");
        return startCommand(options);
      }),
    );
  program
    .command("check")
    .description("tell every fault of the configuration; exit code 1 when there is one")
    .addOption(configOption())
    .option("--json", "print one JSON object")
    .action(
      run(async (options: { config?: string; json?: boolean }) => {
        const { checkCommand } = await import("./check.ts");
        return checkCommand(options);
      }),
    );
  program
    .command("init")
    .description("write a commented configuration to start from; never overwrites one")
    .addOption(configOption())
    .action(
      run(async (options: { config?: string }) => {
        const { initCommand } = await import("./init.ts");
        return initCommand(options);
      }),
    );
  program
    .command("hash-password")
    .description("read a password (asked for, or the first line of stdin) and print its hash")
    .action(
      run(async () => {
        const { hashPasswordCommand } = await import("./hash-password.ts");
        return hashPasswordCommand();
      }),
    );
  program
    .command("schema")
    .description("print the JSON Schema of the configuration file")
    .action(
      run(async () => {
        const { schemaCommand } = await import("./schema.ts");
        return schemaCommand();
      }),
    );

  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`weir: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}
