/** What is wrong with a request, all of it at once, as the configuration's faults are told. */
import { faultsText } from "../../core/refusals/problem.ts";
import { refused } from "../../core/refusals/refusal.ts";
import type { HttpExchange } from "./http-exchange.ts";
import type { Fault } from "./read-email.ts";

export function refuseFaults(exchange: HttpExchange, faults: readonly Fault[]): Promise<void> {
  const kind = faults.some(({ unknown }) => unknown === true) ? "requestMalformed" : "requestInvalid";
  const told = faults.map(({ path, message }) => ({ path, message }));
  return exchange.refuse(refused(kind, { detail: faultsText(told) }), { faults: told });
}
