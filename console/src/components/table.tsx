/**
 * A table that scrolls sideways inside itself where it is too wide; on a narrow screen each row is a card of its own
 * with the columns' titles in front. The roles are given because a browser forgets them where the layout is no table.
 */
import type { ComponentChildren } from "preact";

export interface Column<Row> {
  readonly title: string;
  readonly numeric?: boolean;
  /** Never broken into lines. */
  readonly nowrap?: boolean;
  /** Holds a box or a sign. */
  readonly narrow?: boolean;
  /** Gets the room that is left. */
  readonly wide?: boolean;
  /** Names the row. */
  readonly rowHeader?: boolean;
  readonly cell: (row: Row) => ComponentChildren;
  /** Instead of the title: a box that chooses all, a button that sorts. */
  readonly head?: ComponentChildren;
  readonly sorted?: "ascending" | "descending" | undefined;
}

export function Table<Row>({
  label,
  columns,
  rows,
  rowKey,
  isChosen = () => false,
  empty,
}: {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row, index: number) => string | number;
  isChosen?: (row: Row) => boolean;
  /** Said instead of an empty table. */
  empty: ComponentChildren;
}) {
  if (rows.length === 0) return <EmptyState>{empty}</EmptyState>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`${label}, scrollable`}>
      <table aria-label={label} role="table" class="stacking">
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th
                key={column.title}
                scope="col"
                role="columnheader"
                class={classOf(column)}
                aria-sort={column.sorted ?? undefined}
              >
                {column.head ?? column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row, index) => (
            <tr key={rowKey(row, index)} role="row" class={isChosen(row) ? "chosen" : ""}>
              {columns.map((column) => (
                <Cell key={column.title} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell<Row>({ column, row }: { column: Column<Row>; row: Row }) {
  const content = column.cell(row);
  const isEmpty = content === "" || content === null || content === undefined || content === false;
  const common = {
    class: `${classOf(column)}${isEmpty ? " nothing" : ""}`,
    "data-title": column.title,
  };
  return column.rowHeader === true ? (
    <th scope="row" role="rowheader" {...common}>
      <div>{content}</div>
    </th>
  ) : (
    <td role="cell" {...common}>
      <div>{content}</div>
    </td>
  );
}

function classOf({
  numeric,
  nowrap,
  narrow,
  wide,
}: Pick<Column<never>, "numeric" | "nowrap" | "narrow" | "wide">): string {
  return [numeric && "number", nowrap && "nowrap", narrow && "narrow", wide && "wide"]
    .filter(Boolean)
    .join(" ");
}

export function EmptyState({ children }: { children: ComponentChildren }) {
  return <div class="empty">{children}</div>;
}
