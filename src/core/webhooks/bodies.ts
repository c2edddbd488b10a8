/** What a request says, in the form that its receiver understands. JSON, as an object. */
import { escapeControls } from "../units/escape-controls.ts";
import type { BatchContent } from "./batch.ts";
import type { BatchEntry } from "./told-event.ts";
import type { WebhookFormat } from "./webhook-settings.ts";

export interface Telling extends BatchContent {
  readonly relay: string;
  /** Wall clock, milliseconds: the first event's. */
  readonly atMs: number;
  /** Nothing happened: somebody tries the webhook. */
  readonly isTest: boolean;
}

export function webhookBody(format: WebhookFormat, telling: Telling): object {
  switch (format) {
    case "weir":
      return weirBody(telling);
    case "slack":
      return { text: slackText(telling) };
    case "teams":
      return teamsBody(telling);
  }
}

/** The members of Standard Webhooks' payload: type, timestamp, data. */
function weirBody({ relay, atMs, isTest, entries, more }: Telling): object {
  return {
    type: isTest ? "weir.test" : "weir.events",
    timestamp: instant(atMs),
    data: {
      relay,
      events: entries.map(({ event, count, firstAtMs, lastAtMs }) => ({
        id: event.id,
        name: event.name,
        category: event.category,
        severity: event.severity,
        at: instant(lastAtMs),
        text: event.text,
        fields: event.fields,
        ...(count > 1 ? { count, firstAt: instant(firstAtMs) } : undefined),
      })),
      more,
    },
  };
}

const instant = (atMs: number): string => new Date(atMs).toISOString();

/** What chat services take: Slack 40,000, Mattermost 16,383, Google Chat 4,096. */
const mostSlackChars = 3_800;
/** Teams takes 28 KB in all. */
const mostTeamsChars = 16_000;

/** In Slack's mrkdwn; what events say cannot be a link or a mention. */
function slackText(telling: Telling): string {
  const lines = linesOf(telling, mostSlackChars).map(
    ({ label, text }) => `${label === "" ? "" : `*${slack(label)}* `}${slack(text)}`,
  );
  return [`*${slack(telling.relay)}*`, ...lines].join("\n");
}

const slack = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** An adaptive card as Workflows and connectors of Teams take it; its text runs know no markup. */
function teamsBody(telling: Telling): object {
  const run = (text: string, more: object = {}): object => ({ type: "TextRun", text, ...more });
  const block = (inlines: readonly object[]): object => ({ type: "RichTextBlock", inlines });
  const lines = linesOf(telling, mostTeamsChars).map(({ label, text, color }) =>
    block([...(label === "" ? [] : [run(`${label} `, { weight: "bolder", color })]), run(text)]),
  );
  return {
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          msteams: { width: "Full" },
          body: [block([run(telling.relay, { weight: "bolder", size: "medium" })]), ...lines],
        },
      },
    ],
  };
}

interface Line {
  readonly label: string;
  readonly text: string;
  readonly color: "attention" | "warning" | "default";
}

/** Within so many characters. */
function linesOf({ entries, more }: Telling, mostChars: number): Line[] {
  const lines: Line[] = [];
  let chars = 0;
  let untold = more.reduce((sum, { count }) => sum + count, 0);
  for (const entry of entries) {
    const line = lineOf(entry);
    chars += line.label.length + line.text.length + 2;
    if (chars > mostChars) untold += entry.count;
    else lines.push(line);
  }
  if (untold > 0)
    lines.push({ label: "", text: `and ${untold} more: weir Get-EventLog lists them`, color: "default" });
  return lines;
}

function lineOf({ event, count }: BatchEntry): Line {
  const { severity, id, text } = event;
  return {
    label: `${severity} ${id}${count > 1 ? ` (${count} times)` : ""}`,
    text: escapeControls(text),
    color: severity === "Error" ? "attention" : severity === "Warning" ? "warning" : "default",
  };
}
