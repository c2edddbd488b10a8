/** What can be changed at one place of a source, so that a test should notice. Pure. */
import { type Node, type Parsed, child, children, isNode, parse, runningNodes } from "./syntax.ts";

/** `text` instead of the characters from `start` to `end`. */
export interface Mutation {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly kind: MutationKind;
}

export type MutationKind =
  | "operator"
  | "number"
  | "boolean"
  | "string"
  | "condition"
  | "statement"
  | "early return"
  | "optional chaining"
  | "await"
  | "spread"
  | "array";

type Change = Omit<Mutation, "kind">;
type Rule = (node: Node, source: string, comments: Parsed["comments"]) => readonly Change[];

const otherOperators: Readonly<Record<string, readonly string[]>> = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "**": ["*"],
  "&": ["|"],
  "|": ["&"],
  "^": ["&"],
  "<<": [">>"],
  ">>": ["<<"],
  ">>>": ["<<"],
  "&&": ["||"],
  "||": ["&&"],
  "+=": ["-="],
  "-=": ["+="],
  "*=": ["/="],
  "/=": ["*="],
  "&=": ["|="],
  "|=": ["&="],
  "??=": ["="],
  "||=": ["="],
  "&&=": ["="],
  "++": ["--"],
  "--": ["++"],
};

/** Where `token` stands after `from`; comments between are passed over. */
function tokenAfter(source: string, token: string, from: number, comments: Parsed["comments"]): number {
  const at = source.indexOf(token, from);
  const comment = comments.find(({ start, end }) => start <= at && at < end);
  return comment === undefined ? at : tokenAfter(source, token, comment.end, comments);
}

const replaced = (node: Node, text: string): Change => ({ start: node.start, end: node.end, text });
const inserted = (at: number, text: string): Change => ({ start: at, end: at, text });
const isText = (node: Node): boolean =>
  node.type === "TemplateLiteral" ||
  (node.type === "Literal" && typeof node["value"] === "string") ||
  (node.type === "BinaryExpression" && (isText(child(node, "left")) || isText(child(node, "right"))));

const operators: Rule = (node, source, comments) => {
  switch (node.type) {
    case "BinaryExpression":
    case "LogicalExpression":
    case "AssignmentExpression": {
      const [left, right, operator] = [child(node, "left"), child(node, "right"), node["operator"] as string];
      if (operator === "??") {
        return [left, right].map((side) => replaced(node, source.slice(side.start, side.end)));
      }
      // Texts cannot be subtracted.
      if ((operator === "+" || operator === "+=") && (isText(left) || isText(right))) return [];
      const start = tokenAfter(source, operator, left.end, comments);
      return (otherOperators[operator] ?? []).map((text) => ({ start, end: start + operator.length, text }));
    }
    case "UpdateExpression": {
      const operator = node["operator"] as string;
      const start = node["prefix"] === true ? node.start : node.end - operator.length;
      return (otherOperators[operator] ?? []).map((text) => ({ start, end: start + operator.length, text }));
    }
    case "UnaryExpression": {
      const operand = child(node, "argument");
      return ["!", "-", "~"].includes(node["operator"] as string)
        ? [{ start: node.start, end: operand.start, text: "" }]
        : [];
    }
    default:
      return [];
  }
};

const numbers: Rule = (node) => {
  const value = node["value"];
  if (node.type !== "Literal") return [];
  if (typeof value === "number") return [value + 1, value - 1].map((n) => replaced(node, inBrackets(n)));
  return typeof value === "bigint"
    ? [value + 1n, value - 1n].map((n) => replaced(node, `${inBrackets(n)}n`.replace(")n", "n)")))
    : [];
};
const inBrackets = (value: number | bigint): string => (value < 0 ? `(${value})` : String(value));

const booleans: Rule = (node) =>
  node.type === "Literal" && typeof node["value"] === "boolean"
    ? [replaced(node, String(!node["value"]))]
    : [];

/** Two words in small letters: a sentence for people. Its wording is no behaviour, and tests should not repeat it. */
const sentence = /\p{Ll}[,:;]? \p{Ll}/u;

const strings: Rule = (node) => {
  if (node.type === "Literal" && typeof node["value"] === "string")
    return node["value"] === "" || sentence.test(node["value"]) ? [] : [replaced(node, '""')];
  if (node.type !== "TemplateLiteral") return [];
  const parts = children(node, "quasis").map((part) => (part["value"] as { readonly cooked: string }).cooked);
  return parts.some((part) => sentence.test(part)) ? [] : [replaced(node, '""')];
};

const conditions: Rule = (node) => {
  const test = node["test"];
  if (!isNode(test) || test.type === "Literal") return [];
  switch (node.type) {
    case "IfStatement":
    case "ConditionalExpression":
      return [replaced(test, "true"), replaced(test, "false")];
    case "WhileStatement":
    case "DoWhileStatement":
    case "ForStatement":
      return [replaced(test, "false")];
    default:
      return [];
  }
};

const effects: ReadonlySet<string> = new Set([
  "CallExpression",
  "ChainExpression",
  "AwaitExpression",
  "AssignmentExpression",
  "UpdateExpression",
  "UnaryExpression",
  "YieldExpression",
]);

const statements: Rule = (node) => {
  switch (node.type) {
    case "ExpressionStatement":
      return effects.has(child(node, "expression").type) ? [replaced(node, ";")] : [];
    case "ThrowStatement":
    case "BreakStatement":
    case "ContinueStatement":
      return [replaced(node, ";")];
    case "ReturnStatement":
      return isNode(node["argument"]) ? [] : [replaced(node, ";")];
    default:
      return [];
  }
};

const functions: ReadonlySet<string> = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
]);

/** Whether a function gives a value back; what functions inside it return is theirs. */
const returnsValue = (node: Node): boolean =>
  node.type === "ReturnStatement"
    ? isNode(node["argument"])
    : !functions.has(node.type) &&
      Object.values(node).some((value) =>
        (Array.isArray(value) ? value : [value]).some((each) => isNode(each) && returnsValue(each)),
      );

const earlyReturns: Rule = (node) => {
  const body = node["body"];
  if (!functions.has(node.type) || !isNode(body) || body.type !== "BlockStatement") return [];
  if (children(body, "body").length === 0 || returnsValue(body)) return [];
  return [inserted(body.start + 1, " return;")];
};

const optionalChains: Rule = (node, source, comments) => {
  if (node["optional"] !== true) return [];
  const called = node.type === "CallExpression";
  if (!called && node.type !== "MemberExpression") return [];
  const start = tokenAfter(source, "?.", child(node, called ? "callee" : "object").end, comments);
  return [{ start, end: start + 2, text: called || node["computed"] === true ? "" : "." }];
};

const awaits: Rule = (node) =>
  node.type === "AwaitExpression"
    ? [{ start: node.start, end: child(node, "argument").start, text: "" }]
    : [];

const spreads: Rule = (node) => {
  const list = { ArrayExpression: "elements", CallExpression: "arguments", ObjectExpression: "properties" }[
    node.type
  ];
  if (list === undefined) return [];
  return children(node, list)
    .filter(({ type }) => type === "SpreadElement")
    .map((each) => replaced(each, node.type === "ObjectExpression" ? "...{}" : "...[]"));
};

const arrays: Rule = (node) =>
  node.type === "ArrayExpression" && children(node, "elements").length > 0 ? [replaced(node, "[]")] : [];

const rules: readonly (readonly [MutationKind, Rule])[] = [
  ["operator", operators],
  ["number", numbers],
  ["boolean", booleans],
  ["string", strings],
  ["condition", conditions],
  ["statement", statements],
  ["early return", earlyReturns],
  ["optional chaining", optionalChains],
  ["await", awaits],
  ["spread", spreads],
  ["array", arrays],
];

/** All mutations of a source, each place with its own, in the order of the tree. Some may not parse. */
export function mutationPlaces(source: string): readonly (readonly Mutation[])[] {
  const parsed = parse(source);
  if (parsed === undefined) return [];
  return Array.from(runningNodes(parsed.program)).flatMap((node) => {
    // "use strict" and the like.
    if (typeof node["directive"] === "string") return [];
    return rules
      .map(([kind, rule]) => rule(node, source, parsed.comments).map((change) => ({ ...change, kind })))
      .filter((mutations) => mutations.length > 0);
  });
}

/** `a ?? b && c` and the like are no TypeScript. */
export const canBeParsed = (source: string, mutation: Mutation): boolean =>
  parse(mutated(source, mutation)) !== undefined;

export const mutated = (source: string, { start, end, text }: Change): string =>
  source.slice(0, start) + text + source.slice(end);

/** The lines a mutation touches, as they are and as they become. */
export interface Difference {
  /** From 1. */
  readonly line: number;
  readonly was: readonly string[];
  readonly becomes: readonly string[];
}

export function differenceOf(source: string, mutation: Mutation): Difference {
  const from = source.lastIndexOf("\n", mutation.start - 1) + 1;
  const lineEnd = source.indexOf("\n", mutation.end);
  const to = lineEnd === -1 ? source.length : lineEnd;
  const becomes = source.slice(from, mutation.start) + mutation.text + source.slice(mutation.end, to);
  return {
    line: source.slice(0, from).split("\n").length,
    was: source.slice(from, to).split("\n"),
    becomes: becomes.split("\n"),
  };
}
