/** Rows under headings, fitted to the terminal. */
import { escapeControls } from "../../core/units/escape-controls.ts";
import { displayWidth, fitted, padEnd, padStart } from "./display-width.ts";
import type { Output, Style } from "./output.ts";

export interface Column<Row> {
  readonly header: string;
  readonly value: (row: Row) => string | number;
  readonly align?: "right";
  readonly style?: (row: Row) => Style | undefined;
}

const gap = "  ";
const leastWidth = 6;

/** Lines without line ends. Widest columns are cut first where the terminal is too narrow. */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, style }: Pick<Output, "width" | "style">,
): readonly string[] {
  const cells = rows.map((row) => columns.map(({ value }) => escapeControls(String(value(row)))));
  const widths = columns.map(({ header }, index) =>
    Math.max(displayWidth(header), ...cells.map((line) => displayWidth(line[index] ?? ""))),
  );
  if (width !== undefined) narrow(widths, width - gap.length * (columns.length - 1));
  const line = (texts: readonly string[], styles: readonly (Style | undefined)[]): string =>
    columns
      .map(({ align }, index) => {
        const columnWidth = widths[index] ?? 0;
        const text = fitted(texts[index] ?? "", columnWidth);
        const pad = align === "right" ? padStart : padEnd;
        const isLast = index === columns.length - 1;
        const padded = isLast && align !== "right" ? text : pad(text, columnWidth);
        const chosen = styles[index];
        return chosen === undefined ? padded : style(chosen, padded);
      })
      .join(gap)
      .trimEnd();
  return [
    line(
      columns.map(({ header }) => header),
      columns.map(() => "heading"),
    ),
    line(
      widths.map((columnWidth, index) => "-".repeat(Math.min(columnWidth, displayWidth(columns[index]?.header ?? "")))),
      columns.map(() => "faint"),
    ),
    ...rows.map((row, index) =>
      line(
        cells[index] ?? [],
        columns.map((column) => column.style?.(row)),
      ),
    ),
  ];
}

function narrow(widths: number[], available: number): void {
  for (;;) {
    const sum = widths.reduce((total, each) => total + each, 0);
    const widest = Math.max(...widths);
    if (sum <= available || widest <= leastWidth) return;
    widths[widths.indexOf(widest)] = widest - 1;
  }
}
