/** A table that scrolls sideways inside itself where it is too wide. */
import type { ComponentChildren } from "preact";

export interface Column<Row> {
  readonly title: string;
  readonly numeric?: boolean;
  readonly cell: (row: Row) => ComponentChildren;
}

export function Table<Row>({
  label,
  columns,
  rows,
  rowKey,
  empty,
}: {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Said instead of an empty table. */
  empty: string;
}) {
  if (rows.length === 0) return <EmptyState text={empty} />;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`${label}, scrollable`}>
      <table aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ title, numeric }) => (
              <th key={title} scope="col" class={numeric ? "number" : ""}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map(({ title, numeric, cell }) => (
                <td key={title} class={numeric ? "number" : ""}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function EmptyState({ text }: { text: string }) {
  return <p class="empty">{text}</p>;
}
