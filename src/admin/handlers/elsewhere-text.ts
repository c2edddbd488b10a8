/** Connections that came to another receive connector than they would come to now. */
import type { ServedElsewhere } from "../../core/advice/use-facts.ts";

/** It was renamed, removed or given other ranges or bindings in the time that is looked at, or another one was put before it. */
export function elsewhereText({ before, now, connections }: ServedElsewhere): string {
  const of = connections === 1 ? "1 connection" : `${connections} connections`;
  const where = before === "" ? "no receive connector" : before;
  return now === ""
    ? `${of} came to ${where} then, and would be served by no receive connector as they are set up now: they count as not served.`
    : `${of} came to ${where} then, and would come to ${now} as receive connectors are set up now: they count there.`;
}
