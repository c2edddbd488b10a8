/** A refusal that was told, for tests of what counts and shows them. */
import { refusalCatalogue, type RefusalDefinition, type RefusalKind } from "../core/refusals/catalogue.ts";
import type { Refusal } from "../core/refusals/refusal.ts";

export function toldRefusal(kind: RefusalKind, given: Partial<Refusal> = {}): Refusal {
  const definition: RefusalDefinition = refusalCatalogue[kind];
  const isLimit = definition.setting !== undefined;
  return {
    kind,
    class: definition.class,
    connector: "AppRelay",
    limit: definition.setting,
    configured: isLimit ? 20 : undefined,
    allowed: isLimit ? 20 : undefined,
    seen: isLimit ? 20 : undefined,
    problem: definition.cause,
    about: undefined,
    source: "10.0.0.1",
    eventId: 1021,
    reference: "R1",
    ...given,
  };
}
