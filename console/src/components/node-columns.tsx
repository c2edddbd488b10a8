/** The column that says whose a row is; none where there is one relay. */
import { thisNode } from "../this-node.ts";
import type { Column } from "./table.tsx";

export function nodeColumns<Row extends { readonly server?: string | undefined }>(): readonly Column<Row>[] {
  const own = thisNode.value;
  if (typeof own !== "string") return [];
  return [{ title: "Node", nowrap: true, cell: ({ server }) => server ?? own }];
}
