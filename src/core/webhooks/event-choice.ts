/** Which events a webhook is for, as its setting `events` says. */
import { type Parsed, parsed, quoted, unparsable } from "../units/parsed.ts";

export type EventChoice = { readonly text: string } & (
  | { readonly kind: "ids"; readonly first: number; readonly last: number }
  /** That severity, and worse. */
  | { readonly kind: "severity"; readonly severities: readonly string[] }
);

/** What the inventory of applications finds: 20410 to 20416. */
const findings = { first: 20_410, last: 20_416 } as const;

export const usualEvents = "applications";

/** `applications`, `errors`, `warnings`, `20410`, `20410-20416`, or a name, which `idOf` knows. */
export function parseEventChoice(
  input: string,
  idOf: (name: string) => number | undefined,
): Parsed<EventChoice> {
  const text = input.trim();
  switch (text.toLowerCase()) {
    case "applications":
      return parsed({ text, kind: "ids", ...findings });
    case "errors":
      return parsed({ text, kind: "severity", severities: ["Error"] });
    case "warnings":
      return parsed({ text, kind: "severity", severities: ["Error", "Warning"] });
  }
  const range = /^(\d{1,6})(?:\s*-\s*(\d{1,6}))?$/.exec(text);
  if (range !== null) {
    const first = Number(range[1]);
    const last = Number(range[2] ?? range[1]);
    if (first <= last) return parsed({ text, kind: "ids", first, last });
    return unparsable(`${quoted(text)} ends before it begins`);
  }
  const id = idOf(text);
  if (id !== undefined) return parsed({ text, kind: "ids", first: id, last: id });
  return unparsable(
    `${quoted(text)} is no event; write applications, errors, warnings, an id such as 20411, a range such as 20410-20416, or a name such as SenderSilent`,
  );
}

export function isChosen(
  choices: readonly EventChoice[],
  event: { readonly id: number; readonly severity: string },
): boolean {
  return choices.some((choice) =>
    choice.kind === "ids"
      ? choice.first <= event.id && event.id <= choice.last
      : choice.severities.includes(event.severity),
  );
}
