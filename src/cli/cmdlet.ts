/** What a command is, as data: parsing, help, completion and docs/cmdlets.md are all made from it. */
import type { ExitCode } from "./exit-code.ts";
import type { Arguments } from "./arguments/value.ts";
import type { Output } from "./output/output.ts";

/** What may stand behind a parameter, and how it is read. */
export type ParameterKind =
  /** Stands alone; `-Name:$false` takes it back. */
  | "switch"
  | "boolean"
  | "text"
  /** Whole. */
  | "number"
  | "numbers"
  /** `1h`, `00:10:00`, read to milliseconds. */
  | "duration"
  | "choice"
  | "list"
  /** A list that a change may also add to or take from: `@{Add='a';Remove='b'}`. */
  | "changeableList"
  /** `@{UserName='relay';PasswordFile='/etc/weir/password'}` */
  | "section"
  /** `@{MaxInboundConnectionPerSource=40;MaxMessageSize=10MB}` */
  | "limits"
  /** Each word as it is; only for the place `rest`. */
  | "words"
  /** As it stands in the configuration file: the relay reads it. */
  | "value";

/** What a parameter's value is completed with when it is no choice of fixed words. */
export type Candidates =
  | "receiveConnector"
  | "sendConnector"
  | "acceptedDomain"
  | "user"
  | "apiKey"
  | "application"
  | "addressRewriteEntry"
  | "dkimKey"
  | "webhook"
  | "category"
  | "file"
  | "queue"
  | "message"
  | "source"
  | "node"
  | "cmdlet";

export interface Parameter {
  /** In Exchange's spelling. */
  readonly name: string;
  /** Other names, exact only: `c` for `-c`. */
  readonly aliases?: readonly string[];
  readonly kind: ParameterKind;
  readonly help: string;
  /** Its place among the words without a name; `rest` takes all that follow. */
  readonly position?: number | "rest";
  readonly required?: true;
  readonly choices?: readonly string[];
  /** Other words for choices, as the numbers of event levels. */
  readonly choiceNames?: Readonly<Record<string, string>>;
  readonly candidates?: Candidates;
  /** The setting it changes, in camelCase. */
  readonly setting?: string;
  readonly default?: string;
  /** Of a number. */
  readonly least?: number;
  /** How its value is called in help; else by its kind. */
  readonly value?: string;
  /** Neither in help nor in completion. */
  readonly hidden?: true;
  /** Never taken, whatever stands behind it; this is said instead, and not the value. */
  readonly refused?: string;
}

export interface Example {
  readonly command: string;
  readonly text: string;
}

export const groups = [
  "Running a relay",
  "Seeing what happens",
  "Receive connectors",
  "Domains, users and applications",
  "Send connectors and queues",
  "Moving here",
  "The shell itself",
] as const;
export type Group = (typeof groups)[number];

export interface Cmdlet {
  /** `Get-ReceiveConnector`, `explain`; case does not matter to whom types it. */
  readonly name: string;
  readonly group: Group;
  /** One line, an imperative. */
  readonly synopsis: string;
  /** Paragraphs. */
  readonly description?: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly examples: readonly Example[];
  readonly hidden?: true;
  /** Runs long, and ends in good order on Ctrl-C (`output.signal`). */
  readonly interruptible?: true;
  /** Loaded when it is called, so that help and completion are quick. */
  readonly load: () => Promise<Run>;
}

export type Run = (args: Arguments, context: Context) => Promise<ExitCode>;

export interface Context {
  readonly output: Output;
  /** As given with -Config. */
  readonly config: string | undefined;
  /** Of several nodes: the one that is meant (-Server). */
  readonly server?: string | undefined;
  /** Says what is to be known beside the result. */
  readonly complain?: (text: string) => void;
  /** All commands, for those that are about commands. */
  readonly allCmdlets: () => Promise<readonly Cmdlet[]>;
  /** Runs another command as if it had been typed. */
  readonly runCommand: (words: readonly string[], output: Output) => Promise<ExitCode>;
}
