/** Rows under headings, fitted to the terminal. */
import { escapeControls } from "../../core/units/escape-controls.ts";
import { displayWidth, fitted, padEnd, padStart, wrapped } from "./display-width.ts";
import type { Output, Style } from "./output.ts";

export interface Column<Row> {
  readonly header: string;
  readonly value: (row: Row) => string | number;
  readonly align?: "right";
  /** Only the last column: goes on in further lines where the terminal is too narrow, instead of being cut. */
  readonly wraps?: true;
  /** Left out where the terminal is too narrow, the highest first; columns without it stay. */
  readonly drop?: number;
  readonly style?: (row: Row) => Style | undefined;
}

const gap = "  ";
const leastWidth = 6;
const leastWrappedWidth = 30;

/**
 * Lines without line ends. Where the terminal is too narrow, columns are left out that may be, the last one wraps
 * where it may, and then the widest are cut.
 */
export function tableLines<Row>(
  all: readonly Column<Row>[],
  rows: readonly Row[],
  { width, style }: Pick<Output, "width" | "style">,
): readonly string[] {
  const columns = width === undefined ? all : fittingColumns(all, rows, width);
  const cells = rows.map((row) => columns.map(({ value }) => escapeControls(String(value(row)))));
  const widths = columns.map(({ header }, index) =>
    Math.max(displayWidth(header), ...cells.map((line) => displayWidth(line[index] ?? ""))),
  );
  if (width !== undefined)
    fit(widths, width - gap.length * (columns.length - 1), columns.at(-1)?.wraps === true);
  const line = (texts: readonly string[], styles: readonly (Style | undefined)[]): string =>
    columns
      .map(({ align }, index) => {
        const columnWidth = widths[index] ?? 0;
        const text = fitted(texts[index] ?? "", columnWidth);
        const isLast = index === columns.length - 1;
        const padded =
          align === "right" ? padStart(text, columnWidth) : isLast ? text : padEnd(text, columnWidth);
        const chosen = styles[index];
        return chosen === undefined ? padded : style(chosen, padded);
      })
      .join(gap)
      .trimEnd();
  const rowLines = (row: Row, texts: readonly string[]): readonly string[] => {
    const styles = columns.map((column) => column.style?.(row));
    if (width === undefined || columns.at(-1)?.wraps !== true) return [line(texts, styles)];
    const [first = "", ...more] = wrapped(texts.at(-1) ?? "", widths.at(-1) ?? leastWrappedWidth);
    const blank = texts.slice(0, -1).map(() => "");
    return [
      line([...texts.slice(0, -1), first], styles),
      ...more.map((text) => line([...blank, text], styles)),
    ];
  };
  const plain = columns.map(() => undefined);
  return [
    line(
      columns.map(({ header }) => header),
      plain.map(() => "heading"),
    ),
    line(
      columns.map(({ header }) => "-".repeat(displayWidth(header))),
      plain.map(() => "faint"),
    ),
    ...rows.flatMap((row, index) => rowLines(row, cells[index] ?? [])),
  ];
}

function fittingColumns<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): readonly Column<Row>[] {
  const widths = new Map(
    columns.map((column) => {
      const { header, value, wraps } = column;
      const widest = Math.max(displayWidth(header), ...rows.map((row) => displayWidth(String(value(row)))));
      return [column, wraps === true ? Math.min(widest, leastWrappedWidth) : widest];
    }),
  );
  let kept = columns;
  const needed = (): number =>
    kept.reduce((sum, column) => sum + (widths.get(column) ?? 0) + gap.length, -gap.length);
  while (needed() > width) {
    const dropped = kept.reduce((most, column) => ((column.drop ?? 0) > (most.drop ?? 0) ? column : most));
    if (dropped.drop === undefined) break;
    kept = kept.filter((column) => column !== dropped);
  }
  return kept;
}

/** Takes from the widest until all fit; a last column that wraps gives first. */
function fit(widths: number[], available: number, lastWraps: boolean): void {
  const sum = (): number => widths.reduce((total, each) => total + each, 0);
  const last = widths.length - 1;
  if (lastWraps && sum() > available) {
    const least = Math.min(widths[last] ?? 0, leastWrappedWidth);
    widths[last] = Math.max(least, (widths[last] ?? 0) - (sum() - available));
  }
  while (sum() > available) {
    const others = lastWraps ? widths.slice(0, -1) : widths;
    const widest = Math.max(...others);
    if (widest <= leastWidth) return;
    widths[others.indexOf(widest)] = widest - 1;
  }
}
