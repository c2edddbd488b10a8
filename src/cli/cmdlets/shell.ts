/** Help and completion. */
import type { Cmdlet } from "../cmdlet.ts";
import { help } from "./common-parameters.ts";

const group = "The shell itself";

export const shellCmdlets: readonly Cmdlet[] = [
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
