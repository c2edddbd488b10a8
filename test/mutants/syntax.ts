/** The syntax tree of a TypeScript source, as the parser that Vite brings along makes it (ESTree, offsets in UTF-16). */
import { parseSync } from "vite";

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export interface Parsed {
  readonly program: Node;
  readonly comments: readonly { readonly start: number; readonly end: number }[];
  readonly module: ReturnType<typeof parseSync>["module"];
}

/** Undefined where `source` is not TypeScript. */
export function parse(source: string): Parsed | undefined {
  const { program, comments, module, errors } = parseSync("source.ts", source, {});
  return errors.length > 0 ? undefined : { program: program as unknown as Node, comments, module };
}

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && "start" in value;

/** The node in a field that must hold one. */
export function child(node: Node, field: string): Node {
  const value = node[field];
  if (isNode(value)) return value;
  throw new Error(`${node.type} has no ${field}`);
}

export const children = (node: Node, field: string): readonly Node[] =>
  (node[field] as readonly unknown[]).filter(isNode);

/** Types are no code; neither are the names of members and of modules. */
const noCode: ReadonlySet<string> = new Set([
  "typeAnnotation",
  "typeArguments",
  "typeParameters",
  "superTypeArguments",
  "returnType",
  "implements",
  "source",
  "attributes",
]);
const transparentTypes: ReadonlySet<string> = new Set([
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSNonNullExpression",
]);

/** All nodes that run, from the outside in. */
export function* runningNodes(node: Node): Generator<Node> {
  if (node.type.startsWith("TS") && !transparentTypes.has(node.type)) return;
  yield node;
  for (const [field, value] of Object.entries(node)) {
    if (noCode.has(field) || (field === "key" && node["computed"] !== true)) continue;
    for (const each of Array.isArray(value) ? value : [value]) if (isNode(each)) yield* runningNodes(each);
  }
}
