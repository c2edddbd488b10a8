/** docs/cmdlets.md, from the table of commands. */
import { groups, type Cmdlet, type Parameter } from "../../src/cli/cmdlet.ts";
import { cmdlets } from "../../src/cli/cmdlets/all.ts";
import { meaning, shown, signature, usage } from "../../src/cli/help/cmdlet-help.ts";

export function cmdletsReference(): string {
  const visible = cmdlets.filter(({ hidden }) => hidden !== true);
  const sections = groups.map((group) => {
    const ofGroup = visible.filter((it) => it.group === group);
    return `## ${group}\n\n${ofGroup.map(section).join("\n")}`;
  });
  return `# Commands

Written by \`npm run docs\` from the table of commands in \`src/cli/cmdlets\`; \`weir help COMMAND\` prints the same.

What Exchange calls otherwise: [exchange-words.md](exchange-words.md).

The names are Exchange's, and case does not matter. A parameter is written \`-Name value\`, \`-Name:value\` or
\`--kebab-case value\`; a beginning of its name is enough where it is unambiguous. Lists are written \`a,b\`, and changed with
\`"@{Add='a';Remove='b'}"\`. \`'$null'\` (in quotes) or \`default\` puts a setting back to its default. In a POSIX shell write
\`true\` and \`false\` without the \`$\`.

Several objects are printed as a table, one as a list; \`-Json\` prints either for scripts, with durations in milliseconds and
sizes in octets. On a terminal tables are fitted to its width; into a pipe or file nothing is cut. \`NO_COLOR\` turns colours off.

Which relay is meant: \`--config FILE\`, else the environment variable \`WEIR_CONFIG\`, else \`./weir.yaml\`. The command talks to
the running relay over the socket in its data directory, whose permissions say who may.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | refused, with the reason on stderr; with \`-Json\` as \`{"error": {"code", "message", "faults"}}\` on stdout |
| 2 | wrong usage |
| 3 | no relay to talk to |

Tab completion: \`eval "$(weir completion bash)"\` in \`~/.bashrc\`, \`eval "$(weir completion zsh)"\` in \`~/.zshrc\`,
\`weir completion powershell | Out-String | Invoke-Expression\` in \`$PROFILE\`.

${sections.join("\n")}`;
}

function section(cmdlet: Cmdlet): string {
  const { name, synopsis, description = [], parameters, examples } = cmdlet;
  const parts = [
    `### ${name}`,
    cell(synopsis),
    ...description.map(cell),
    `\`\`\`\n${usage(cmdlet)}\n\`\`\``,
    ...(examples.length === 0 ? [] : [`\`\`\`sh\n${examples.map(exampleText).join("\n")}\n\`\`\``]),
  ];
  const rows = shown(parameters).map(row);
  if (rows.length > 0) parts.push(`| parameter | meaning |\n|---|---|\n${rows.join("\n")}`);
  return `${parts.join("\n\n")}\n`;
}

function exampleText({ command, text }: Cmdlet["examples"][number]): string {
  return text === "" ? command : `# ${text}\n${command}`;
}

function row(parameter: Parameter): string {
  return `| \`${signature(parameter).replaceAll("|", "\\|")}\` | ${cell(meaning(parameter))} |`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*");
}
