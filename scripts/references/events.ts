/** docs/events.md, from the catalogue. */
import { categories, catalogue, type EventDefinition } from "../../src/events/catalogue.ts";

const levelNames: Readonly<Record<number, string>> = {
  0: "Lowest",
  1: "Low",
  3: "Medium",
  5: "High",
  7: "Expert",
};

export function eventsReference(): string {
  const all: readonly (readonly [string, EventDefinition])[] = Object.entries(catalogue);
  const sections = categories
    .map((category) => ({ category, events: all.filter(([, event]) => event.category === category) }))
    .filter(({ events }) => events.length > 0)
    .map(({ category, events }) => {
      const rows = events.toSorted(([, a], [, b]) => a.id - b.id).map(([name, event]) => row(name, event));
      return `## ${category}\n\n| id | name | severity | from level | text |\n|---|---|---|---|---|\n${rows.join("\n")}\n`;
    });
  return `# Events

Written by \`npm run docs\` from \`src/events/catalogue.ts\`.

Ids up to 15007 are Exchange's, with its texts where they are known; 20001 and above are Weir's own. An event is told when its
category's level reaches the one in the table; errors are always told. The source of every category is
\`MSExchangeTransport\`, so the full name is \`MSExchangeTransport\\SmtpReceive\`.

\`\`\`sh
weir Get-EventLogLevel
weir Set-EventLogLevel -Identity 'MSExchangeTransport\\SmtpReceive' -Level Expert
weir Get-EventLog -EventId 1021 -Last 1h
\`\`\`

Events marked • tell of refusals: at every level that has them there is one entry for each connector, source, kind and minute,
with its count and the first and last time. At Expert each refusal is an entry of its own as well, with the numbers that decided it.

${sections.join("\n")}`;
}

function row(name: string, { id, severity, level, text, limitHit }: EventDefinition): string {
  const readable = text
    .replaceAll(/%([A-Za-z]+)/g, "`%$1`")
    .replaceAll("|", "\\|")
    .replaceAll("<", "&lt;");
  return `| ${id}${limitHit === true ? " •" : ""} | ${name} | ${severity} | ${levelNames[level] ?? level} | ${readable} |`;
}
