/** Help and completion. */
import type { Cmdlet } from "../cmdlet.ts";
import { config, help } from "./common-parameters.ts";

const group = "The shell itself";

export const shellCmdlets: readonly Cmdlet[] = [
  {
    name: "shell",
    group,
    synopsis: "Run many commands in one process, with PowerShell's quotes, lists, blocks and pipes.",
    description: [
      "On a terminal with Tab and a history (in the user's state directory; no line that may hold a password). Otherwise it reads its commands from stdin: a fault is told with its line, and the exit code is that of the first command that was not done.",
      "Reading commands give objects, with the properties of -Json and of the table: | fl, | ft A,B, | select A,B -First 5, | where {$_.Status -eq 'Retry'}, | where Size -gt 1MB, | sort, | group, | measure, | Export-Csv FILE, | ConvertTo-Json, | Out-File FILE. A command behind | is run for each object.",
      "$true, @{Add='a','b'}, {…}, # comments, a backquote at the end of a line and (Get-Queue).Count mean what they mean in PowerShell; there are no variables.",
    ],
    parameters: [
      {
        name: "Command",
        kind: "text",
        position: 0,
        value: "LINES",
        help: "Run these and end; in quotes. A terminal or stdin when left out.",
      },
      { name: "StopOnError", kind: "switch", help: "End at the first command that is not done." },
      config,
      help,
    ],
    examples: [
      { command: "weir shell", text: "On a terminal." },
      { command: "weir shell --stop-on-error < changes.txt", text: "A script, line by line." },
      {
        command: `weir shell "Get-Queue | where MessageCount -gt 100 | ft Identity,MessageCount,LastError"`,
        text: "One pipe out of another shell.",
      },
    ],
    load: async () => (await import("../run/shell.ts")).shell,
  },
  {
    name: "help",
    group,
    synopsis: "Explain a command with examples.",
    parameters: [
      {
        name: "Command",
        kind: "text",
        position: 0,
        value: "COMMAND",
        candidates: "cmdlet",
        help: "All when left out.",
      },
      help,
    ],
    examples: [{ command: "weir help Set-ReceiveConnector", text: "" }],
    load: async () => (await import("../run/help.ts")).help,
  },
  {
    name: "completion",
    group,
    synopsis: "Print the script that completes commands, parameters and names with Tab.",
    parameters: [
      {
        name: "Shell",
        kind: "choice",
        position: 0,
        required: true,
        choices: ["bash", "zsh", "powershell"],
        value: "SHELL",
        help: "bash, zsh or powershell.",
      },
      help,
    ],
    examples: [
      { command: 'eval "$(weir completion bash)"', text: "In ~/.bashrc." },
      { command: 'eval "$(weir completion zsh)"', text: "In ~/.zshrc, behind compinit." },
      { command: "weir completion powershell | Out-String | Invoke-Expression", text: "In $PROFILE." },
    ],
    load: async () => (await import("../run/completion.ts")).completion,
  },
  {
    name: "complete",
    group,
    hidden: true,
    synopsis: "Print what the last of some words may become, one a line.",
    parameters: [
      { name: "Words", kind: "words", position: "rest", help: "The words behind weir." },
      { name: "Next", kind: "switch", help: "A further word begins; some shells cannot pass an empty one." },
    ],
    examples: [],
    load: async () => (await import("../run/completion.ts")).complete,
  },
];
