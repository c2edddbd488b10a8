/** weir(1) and weir.yaml(5), from what docs/cmdlets.md and docs/configuration.md are made of. */
import { cmdletsReference } from "../../scripts/references/cmdlets.ts";
import { configurationReference } from "../../src/config/reference.ts";
import { project } from "../project.ts";
import { manPage } from "./markdown-to-man.ts";

/** `seconds`: since 1970, the day the pages bear. */
export function manual(seconds: number): ReadonlyMap<"weir.1" | "weir.yaml.5", string> {
  const date = new Date(seconds * 1000).toISOString().slice(0, 10);
  const { version } = project;
  return new Map([
    [
      "weir.1",
      manPage({
        name: "weir",
        section: 1,
        summary: "application mail relay, and the commands that administer it",
        version,
        date,
        markdown: [
          synopsis,
          `## Description\n\n${withoutHead(cmdletsReference())}`,
          files,
          "## See also\n\nweir.yaml(5), systemctl(1), journalctl(1); /usr/share/doc/weir",
        ].join("\n\n"),
      }),
    ],
    [
      "weir.yaml.5",
      manPage({
        name: "weir.yaml",
        section: 5,
        summary: "configuration of the mail relay weir",
        version,
        date,
        markdown: `## Description\n\n${withoutHead(configurationReference())}\n\n## See also\n\nweir(1)`,
      }),
    ],
  ]);
}

const synopsis = `## Synopsis

\`\`\`
weir COMMAND [PARAMETERS]
weir help COMMAND
weir --version
\`\`\``;

const files = `## Files

| path | what |
|---|---|
| \`/etc/weir/weir.yaml\` | the configuration, where nothing else is named |
| \`/var/lib/weir\` | the data directory: the mail that waits, events, logs, the relay's socket |
| \`/usr/lib/weir\` | the program, with the Node that runs it |`;

/** Its title and what says where it is written. */
function withoutHead(markdown: string): string {
  return markdown
    .split("\n\n")
    .filter((block) => !/^# |Written by `npm run docs`/.test(block))
    .join("\n\n");
}
