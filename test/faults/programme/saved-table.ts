/**
 * The saved table when some parts were run again: their rows are replaced, those of the others stay, each with the run it is
 * of. Pure.
 */
import { table } from "../../../bench/tables.ts";

export const head = ["part", "what is done", "how often", "required", "measured", ""] as const;

/** The first of a part bears its name, the others none. */
export type Row = readonly string[];

export interface SavedRun {
  readonly parts: readonly string[];
  /** How and where. */
  readonly by: string;
}

export interface SavedTable {
  readonly rows: readonly Row[];
  readonly runs: readonly SavedRun[];
}

/** Of what `savedText` wrote, however it was laid out since. */
export function readSaved(text: string): SavedTable {
  const lines = text.split("\n").map((line) => line.trim());
  const rows = lines
    .filter((line) => line.startsWith("|") && !/^\|[\s:|-]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    )
    .filter(([part, what]) => part !== head[0] || what !== head[1]);
  const runs = lines.flatMap((line) => {
    const [, parts = "", by = ""] = /^- ([\w, -]+): (.*)$/.exec(line) ?? [];
    return parts === "" ? [] : [{ parts: parts.split(", "), by }];
  });
  return { rows, runs };
}

/** `order`: of all parts there are; one that is none any more goes. */
export function merged(
  before: SavedTable,
  rows: readonly Row[],
  by: string,
  order: readonly string[],
): SavedTable {
  const [old, fresh] = [byPart(before.rows), byPart(rows)];
  const parts = order.filter((part) => fresh.has(part));
  return {
    rows: order.flatMap((part) => fresh.get(part) ?? old.get(part) ?? []),
    runs: [
      ...before.runs
        .map((run) => ({
          ...run,
          parts: run.parts.filter((part) => !fresh.has(part) && order.includes(part)),
        }))
        .filter((run) => run.parts.length > 0),
      { parts, by },
    ],
  };
}

export function savedText({ rows, runs }: SavedTable): string {
  return [
    table([head, ...rows]),
    runs.map(({ parts, by }) => `- ${parts.join(", ")}: ${by}`).join("\n"),
  ].join("\n\n");
}

function byPart(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const parts = new Map<string, Row[]>();
  let at: Row[] = [];
  for (const row of rows) {
    const [part = ""] = row;
    if (part !== "") parts.set(part, (at = []));
    at.push(row);
  }
  return parts;
}
