/** What a reference from an application's log stands for. */
import type { Output as Answer } from "../../admin/contract.ts";
import { escapeControls } from "../../core/units/escape-controls.ts";
import type { Output } from "../output/output.ts";
import { exchangeName } from "../output/setting-text.ts";
import { localTime } from "../output/time-text.ts";

export function explainedReference(
  { reference, events, source, connector, limit, application, at }: Answer<"explainReference">,
  output: Output,
): readonly string[] {
  const [event] = events;
  if (event === undefined) {
    return [
      `Nothing is known of reference ${reference}.`,
      "It may have been made by another relay, or be older than the event log keeps. The address of the application",
      "leads on: weir explain ADDRESS",
    ];
  }
  const who = application === null ? "" : ` (${escapeControls(application.name)})`;
  const when = at ?? event.at;
  const lines = [
    output.style("heading", `Reference ${reference}`),
    `  ${localTime(when)}  event ${event.id}, ${event.category}`,
    `  ${escapeControls(event.text)}`,
  ];
  if (limit !== null)
    lines.push(
      `  It was ${exchangeName(limit)} of ${connector ?? "a connector"} that refused ${source ?? "the client"}${who}.`,
    );
  if (events.length > 1 && source === null)
    lines.push(
      "  Other clients were refused in the same minute, and the entry of each stands for several refusals:",
      ...events.flatMap(({ fields }) =>
        typeof fields["source"] === "string" ? [`    weir explain ${escapeControls(fields["source"])}`] : [],
      ),
    );
  return lines;
}
