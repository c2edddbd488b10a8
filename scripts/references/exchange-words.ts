/** docs/exchange-words.md, from the tables of Exchange's words. */
import { cmdlets } from "../../src/cli/cmdlets/all.ts";
import type { CmdletAnswer } from "../../src/cli/exchange-words/cmdlet-word.ts";
import { cmdletWords } from "../../src/cli/exchange-words/cmdlets.ts";
import type { ParameterAnswer } from "../../src/cli/exchange-words/parameter-word.ts";
import { parameterWords } from "../../src/cli/exchange-words/parameters.ts";
import { stages, stageWords } from "../../src/cli/shell/stages/all.ts";

const known = new Set(cmdlets.map(({ name }) => name.toLowerCase()));

export function exchangeWordsReference(): string {
  const same = cmdlets.filter(
    ({ name, hidden }) => hidden !== true && name.includes("-") && /^[A-Z]/.test(name),
  );
  return `# You know it from Exchange as …

Written by \`npm run docs\` from the tables in \`src/cli/exchange-words\`; the shell answers with the same words.

Commands, parameters and settings have Exchange's names where Exchange has them. These are here: ${same
    .map(({ name }) => `\`${name}\``)
    .join(
      ", ",
    )} ([all commands](cmdlets.md)). What follows is what is called otherwise or is not here. Settings of a
configuration file that are refused by name are in [configuration.md](configuration.md#not-supported).

Identities may carry the server: \`EX01\\App Relay\`, \`EX01\\Submission\`, \`EX01\\Out;[10.0.0.1]:25\\893\`, \`EX01\\MSExchangeTransport\\SmtpReceive\`.
A filter may stand in braces: \`-Filter {Status -eq "Retry"}\` (in quotes in a POSIX shell). \`-Level 7\` is Expert.
\`-ResultSize Unlimited\` is taken everywhere. \`-Start (Get-Date).AddHours(-1)\` is an instant (\`-Last 1h\` is shorter).

## Cmdlets

| Exchange | here |
|---|---|
${cmdletWords.flatMap(cmdletRow).join("\n")}

## Parameters

| on | parameter | here |
|---|---|---|
${parameterWords()
  .flatMap(({ on, words }) =>
    words
      .filter(({ answer }) => !("ignored" in answer) || answer.ignored !== "")
      .map(
        ({ name, answer }) =>
          `| ${on.map((it) => (it === "*" ? "every command" : `\`${it}\``)).join(", ")} | \`-${name}\` | ${cell(parameterText(answer))} |`,
      ),
  )
  .join("\n")}

## PowerShell

\`weir shell\` takes lines as PowerShell does, from a terminal, from stdin or as \`weir shell "Get-Queue | fl"\`: quotes, \`$true\`,
\`@{Add='a','b'}\`, \`{…}\`, \`# comments\`, lines that go on behind a backquote, \`(Get-Queue).Count\`, and pipes. In a POSIX shell
the same commands stand behind \`weir\` with its own quotes; there are no pipes of objects there.

| behind \\| | also |
|---|---|
${stages.map(({ name, aliases }) => `| \`${name}\` | ${aliases.map((alias) => `\`${alias}\``).join(", ")} |`).join("\n")}
| a command | once for each object: \`Get-Queue \\| Retry-Queue\` |
${Object.entries(stageWords)
  .map(([name, text]) => `| \`${name}\` | not here: ${cell(text)} |`)
  .join("\n")}
`;
}

function cmdletRow({ names, answer }: (typeof cmdletWords)[number]): readonly string[] {
  const open = names.filter((name) => !known.has(name.toLowerCase()));
  return open.length === 0
    ? []
    : [`| ${open.map((name) => `\`${name}\``).join(", ")} | ${cell(cmdletText(answer))} |`];
}

function cmdletText(answer: CmdletAnswer): string {
  if ("alias" in answer) return `\`weir ${answer.alias.join(" ")}\``;
  return "notNeeded" in answer ? `not needed: ${answer.notNeeded}` : answer.say;
}

function parameterText(answer: ParameterAnswer): string {
  if ("renamed" in answer) return `\`-${answer.renamed}\``;
  if ("becomes" in answer) return `\`-${answer.becomes.join(" ")}\``;
  return "ignored" in answer ? `left aside: ${answer.ignored}` : answer.refused;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*");
}
