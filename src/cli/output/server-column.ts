/** The column that says whose a row is, where there are several nodes. */
import type { Column } from "./table.ts";

type OfServer = { readonly server?: string | undefined };

export function withServer<Row extends OfServer>(
  columns: readonly Column<Row>[],
  rows: readonly OfServer[],
): readonly Column<Row>[] {
  if (!rows.some(({ server }) => server !== undefined)) return columns;
  return [{ header: "Server", value: ({ server = "" }) => server }, ...columns];
}
