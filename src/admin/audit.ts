/** What is kept of who changed what (event 20530). */
import type { Caller } from "./caller.ts";
import { routes, type OperationName } from "./routes.ts";

/** Asked for with a body, and change nothing. */
const reading: ReadonlySet<OperationName> = new Set<OperationName>([
  "checkConfiguration",
  "testConnectivity",
  "testReceiveConnector",
]);

/** False also for what would only have been done (`whatIf`). */
export function isChange(name: OperationName, input: object): boolean {
  const { method } = routes[name];
  if (method === "GET" || reading.has(name)) return false;
  return !("whatIf" in input && input.whatIf === true);
}

/** Who and what stand in events of their own, with how many messages it was. */
const tellThemselves: ReadonlySet<OperationName> = new Set<OperationName>([
  "suspendService",
  "resumeService",
  "suspendMessages",
  "resumeMessages",
  "retryMessages",
  "redirectMessages",
  "removeMessages",
]);

/** True where a change needs no event 20530 beside its own. */
export function tellsItself(name: OperationName): boolean {
  return tellThemselves.has(name);
}

/** Values of the input that name what is changed, in this order. Nothing else is told: inputs may hold passwords. */
const targets = ["name", "domainName", "identity", "category", "queue", "id", "filter", "version"] as const;

export function adminAction(
  { name, from }: Caller,
  operation: OperationName,
  input: object,
  outcome: "did" | "was refused",
) {
  const named: Readonly<Record<string, unknown>> = { ...input };
  const found = targets
    .map((key) => named[key])
    .find((value) => typeof value === "string" || typeof value === "number");
  return { who: name, from, outcome, operation, target: found === undefined ? "" : String(found) };
}
