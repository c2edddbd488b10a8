/** 0 done, 1 refused with the reason, 2 wrong usage, 3 no relay to talk to. */
export type ExitCode = 0 | 1 | 2 | 3;

/** Why a command is not done, for people; ends it with `exitCode`. */
export class CommandFault extends Error {
  override readonly name = "CommandFault";
  readonly exitCode: Exclude<ExitCode, 0>;

  constructor(message: string, exitCode: Exclude<ExitCode, 0> = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
